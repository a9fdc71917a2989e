"""One state of the model: the files of one trial, and where each process is in its program."""

from typing import Any, NamedTuple

MASTER = 0
"""The master's place among the processes; the workers follow."""
NOBODY = -1


class Inode(NamedTuple):
    """A lock file, which may have lost its name.

    Attributes:
        owner: the process that holds the lock; `NOBODY`.
        last: the highest attempt that its text shows.
        counted: attempts that began and were not let go on request.
    """

    owner: int = NOBODY
    last: int = 0
    counted: int = 0


class Process(NamedTuple):
    """A process's next step, and what it remembers. The kernel forgets its locks when it dies.

    Attributes:
        step: named as in `common.claim`.
        issue: the issue that it is at; 0: none.
        inode: the lock file that it has open, as an index into the inodes; -1: none.
        attempt: its number, from 1.
        is_stopped: by SIGSTOP, or cut off; it may never go on.
        has_seen: for the master between two listings, whether the first one showed anything.
        known: for the master that runs, the last issue that it has seen or published.
        proposal: for a worker, the proposal of the job that it evaluates; for the master, the one that it records next.
        has_failed: for a worker, whether it reports lost attempts as FAILED; unused with one rung.
        journal: for the master that runs, the proposals that it has recorded or read, by rung; 0: none yet.
    """

    step: str
    issue: int = 0
    inode: int = -1
    attempt: int = 0
    is_stopped: bool = False
    has_seen: bool = False
    known: int = 0
    proposal: int = 0
    has_failed: bool = False
    journal: tuple[int, ...] = ()


Name = tuple[int, int]
"""An attempt: its issue and its number."""


class Evaluation(NamedTuple):
    """The trial on one rung, apart from its jobs and locks. A proposal is a number; 0 stands for no proposal.

    Attributes:
        issued: how many job files were ever published.
        is_missing: whether its only job was removed by hand, and no other is published yet.
        result: the attempt whose result is there.
        first: the attempt whose result was there first. It must stay.
        is_failed: whether that result is FAILED, so that the trial ends here; unused with one rung.
        has_curve: whether that attempt had a curve when it was reported.
        has_checkpoint: whether that attempt had a checkpoint then, and did not fail.
        curve: the attempt whose curve lies beside the result.
        kept: the attempt whose checkpoint is kept for the next rung.
        collected: the result that the master has read.
        record: the proposal that the journal holds.
        recorded: the last proposal that the journal ever held, also if the journal is lost.
        published: the proposal that the first of its issues asked for.
        answer: the proposal that the result answers.
    """

    issued: int = 0
    is_missing: bool = False
    result: Name | None = None
    first: Name | None = None
    is_failed: bool = False
    has_curve: bool = False
    has_checkpoint: bool = False
    curve: Name | None = None
    kept: Name | None = None
    collected: Name | None = None
    record: int = 0
    recorded: int = 0
    published: int = 0
    answer: int = 0


class Faults(NamedTuple):
    """How many faults of each kind may still happen; `Model` says what they are."""

    crashes: int = 0
    stops: int = 0
    requests: int = 0
    losses: int = 0
    removals: int = 0
    lost_journals: int = 0

    def spent(self, kind: str) -> "Faults":
        """One fault of a kind less."""
        return self._replace(**{kind: getattr(self, kind) - 1})


class State(NamedTuple):
    """All files and processes. Issues are numbered from 1 through all rungs: those of rung 0 come first.

    Attributes:
        processes: the master, then the workers.
        evaluations: the trial on each rung.
        jobs: for each issue, the proposal that its job file asks for; 0: there is no such file.
        locks: for each issue, the inode that its lock file's name leads to; -1: there is no such name.
        inodes: the lock files, those without a name included while somebody has them open.
        curves: the running curves that are there.
        checkpoints: the attempts' checkpoints that are there, of all rungs but the last.
        duplicates: results that were kept aside.
        vanished: the issues whose job file somebody removed by hand.
        withdrawn: the issues whose job file the master removed, because a later issue has taken their place.
        faults: those that may still happen.
    """

    processes: tuple[Process, ...]
    evaluations: tuple[Evaluation, ...]
    jobs: tuple[int, ...]
    locks: tuple[int, ...]
    inodes: tuple[Inode, ...] = ()
    curves: frozenset[Name] = frozenset()
    checkpoints: frozenset[Name] = frozenset()
    duplicates: frozenset[Name] = frozenset()
    vanished: frozenset[int] = frozenset()
    withdrawn: frozenset[int] = frozenset()
    faults: Faults = Faults()

    @property
    def rung(self) -> int:
        """The rung that the master is at: the first whose result it has not read."""
        return sum(each.collected is not None for each in self.evaluations)

    @property
    def is_over(self) -> bool:
        """Whether the master has read the trial's last result."""
        rung = self.rung
        return rung == len(self.evaluations) or (rung > 0 and self.evaluations[rung - 1].is_failed)

    def rung_of(self, issue: int) -> int:
        """The rung that an issue is of."""
        return (issue - 1) // (len(self.locks) // len(self.evaluations))

    def of(self, issue: int) -> Evaluation:
        """The evaluation that an issue is of."""
        return self.evaluations[self.rung_of(issue)]

    def issues_of(self, rung: int) -> range:
        """The issues that a rung can have."""
        count = len(self.locks) // len(self.evaluations)
        return range(rung * count + 1, (rung + 1) * count + 1)

    def open_issues(self, rung: int) -> list[int]:
        """The issues of a rung whose job is there."""
        return [issue for issue in self.issues_of(rung) if self.jobs[issue - 1]]

    def at(self, me: int, **changes: Any) -> "State":
        """The state with a process's own changes."""
        return self._replace(processes=_with(self.processes, me, self.processes[me]._replace(**changes)))

    def evaluated(self, rung: int, **changes: Any) -> "State":
        """The state with changes of an evaluation."""
        return self._replace(evaluations=_with(self.evaluations, rung, self.evaluations[rung]._replace(**changes)))

    def with_inode(self, number: int, inode: Inode) -> "State":
        """The state with a lock file changed."""
        return self._replace(inodes=_with(self.inodes, number, inode))

    def with_lock(self, issue: int, number: int) -> "State":
        """The state with a lock file's name leading elsewhere."""
        return self._replace(locks=_with(self.locks, issue - 1, number))

    def with_job(self, issue: int, proposal: int) -> "State":
        """The state with a job that asks for a proposal; 0: with no job of that name."""
        return self._replace(jobs=_with(self.jobs, issue - 1, proposal))

    def published(self, issue: int, proposal: int) -> "State":
        """The state with a job published under the name of an issue."""
        each = self.of(issue)
        changed = self.evaluated(
            self.rung_of(issue), issued=each.issued + 1, is_missing=False, published=each.published or proposal
        )
        return changed.with_job(issue, proposal)._replace(vanished=self.vanished - {issue})

    def without_job(self, issue: int) -> "State":
        """The state in which somebody has removed a job by hand."""
        rung = self.rung_of(issue)
        removed = self.with_job(issue, 0)._replace(vanished=self.vanished | {issue})
        is_missing = not removed.open_issues(rung) and self.evaluations[rung].result is None
        return removed.evaluated(rung, is_missing=is_missing)

    def superseded(self, rung: int) -> list[int]:
        """The issues of a rung whose job is there, but for the last one, which has taken their place."""
        return self.open_issues(rung)[:-1]

    def without_journal(self) -> "State":
        """The state in which somebody has removed the journal."""
        return self._replace(evaluations=tuple(each._replace(record=0) for each in self.evaluations))

    def not_collected(self) -> "State":
        """The state in which the master has forgotten which results it had read."""
        return self._replace(evaluations=tuple(each._replace(collected=None) for each in self.evaluations))

    def let_go(self, me: int) -> "State":
        """The state in which a process has closed the lock file that it had open, and released it if it was its own."""
        number = self.processes[me].inode
        if number < 0:
            return self
        released = self
        if self.inodes[number].owner == me:
            released = self.with_inode(number, self.inodes[number]._replace(owner=NOBODY))
        return released.at(me, inode=-1)

    def normal(self) -> "State":
        """The same state in its normal form: no unreachable lock files, the others numbered by use, workers in order.

        Workers run the same program, so which of them is where makes no difference.
        """
        workers = range(MASTER + 1, len(self.processes))
        order = [MASTER, *sorted(workers, key=lambda worker: self._rank(self.processes[worker]))]
        used = list(dict.fromkeys([*self.locks, *[self.processes[me].inode for me in order]]))
        if -1 in used:
            used.remove(-1)
        if used == list(range(len(self.inodes))) and order == list(range(len(order))):
            return self
        place = {old: new for new, old in enumerate(order)} | {NOBODY: NOBODY}
        number = {old: new for new, old in enumerate(used)} | {-1: -1}
        inodes = (self.inodes[old] for old in used)
        return self._replace(
            locks=tuple(number[lock] for lock in self.locks),
            inodes=tuple(Inode(place[owner], last, counted) for owner, last, counted in inodes),
            processes=tuple(self.processes[me]._replace(inode=number[self.processes[me].inode]) for me in order),
        )

    def _rank(self, process: Process) -> tuple[object, ...]:
        # The inode's number has no meaning, so two states that differ only in it must rank the same. What counts is
        # whether the file still has the issue's name, and what it says.
        inode = self.inodes[process.inode] if process.inode >= 0 else Inode()
        has_name = process.inode >= 0 and self.locks[process.issue - 1] == process.inode
        is_owner = process.inode >= 0 and self.processes[inode.owner] is process and inode.owner != NOBODY
        return (process.step, process.issue, has_name, is_owner, inode[1:], *process[3:])


def _with(items: tuple[Any, ...], place: int, item: Any) -> tuple[Any, ...]:
    return (*items[:place], item, *items[place + 1 :])
