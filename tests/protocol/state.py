"""One state of the model: the files of one trial, and where each process is in its program."""

from typing import Any, NamedTuple

MASTER = 0
"""The master's place among the processes; the workers follow."""
NOBODY = -1


class Inode(NamedTuple):
    """A lock file, which may have lost its name.

    Attributes:
        owner: the process that holds the lock; `NOBODY`.
        last: the highest attempt that its text tells of.
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
    """

    step: str
    issue: int = 0
    inode: int = -1
    attempt: int = 0
    is_stopped: bool = False
    has_seen: bool = False
    known: int = 0


Name = tuple[int, int]
"""An attempt: its issue and its number."""


class State(NamedTuple):
    """Everything that there is.

    Attributes:
        processes: the master, then the workers.
        issued: how many job files were ever published.
        jobs: the issues whose job file is there.
        locks: for each issue, the inode that its lock file's name leads to; -1: there is no such name.
        inodes: the lock files, those without a name included while somebody has them open.
        result: whose result has the result's name.
        first: whose result had it first: what must never change.
        has_curve: whether that attempt had a curve when it was reported.
        curves: the running curves that are there.
        curve: whose curve lies beside the result.
        duplicates: results that were kept aside.
        collected: the result that the master has taken in.
        vanished: the issues whose job file somebody removed by hand.
        is_missing: whether the trial was left without a job by that, and has got no other yet.
        faults: how many of each kind may still happen: crashes, stops, requests to stop, deaths of a child, removals.
    """

    processes: tuple[Process, ...]
    issued: int = 0
    jobs: frozenset[int] = frozenset()
    locks: tuple[int, ...] = ()
    inodes: tuple[Inode, ...] = ()
    result: Name | None = None
    first: Name | None = None
    has_curve: bool = False
    curves: frozenset[Name] = frozenset()
    curve: Name | None = None
    duplicates: frozenset[Name] = frozenset()
    collected: Name | None = None
    vanished: frozenset[int] = frozenset()
    is_missing: bool = False
    faults: tuple[int, ...] = (0, 0, 0, 0, 0)

    def at(self, me: int, **changes: Any) -> "State":
        """The state with a process's own changes."""
        process = self.processes[me]._replace(**changes)
        return self._replace(processes=(*self.processes[:me], process, *self.processes[me + 1 :]))

    def with_inode(self, number: int, inode: Inode) -> "State":
        """The state with a lock file changed."""
        return self._replace(inodes=(*self.inodes[:number], inode, *self.inodes[number + 1 :]))

    def with_lock(self, issue: int, number: int) -> "State":
        """The state with a lock file's name leading elsewhere."""
        return self._replace(locks=(*self.locks[: issue - 1], number, *self.locks[issue:]))

    def published(self, issue: int) -> "State":
        """The state with a job published under the name of an issue."""
        jobs, vanished = self.jobs | {issue}, self.vanished - {issue}
        return self._replace(issued=self.issued + 1, jobs=jobs, vanished=vanished, is_missing=False)

    def without_job(self, issue: int) -> "State":
        """The state in which somebody has removed a job by hand."""
        jobs = self.jobs - {issue}
        is_missing = not jobs and self.result is None
        return self._replace(jobs=jobs, vanished=self.vanished | {issue}, is_missing=is_missing)

    def let_go(self, me: int) -> "State":
        """The state in which a process has let go of the lock file that it had open."""
        number = self.processes[me].inode
        if number < 0:
            return self
        released = self
        if self.inodes[number].owner == me:
            released = self.with_inode(number, self.inodes[number]._replace(owner=NOBODY))
        return released.at(me, inode=-1)

    def normal(self) -> "State":
        """The same state by its one spelling: no unreachable lock files, the others numbered by use, workers in order.

        Workers run the same program, so which of them is where makes no difference.
        """
        workers = range(MASTER + 1, len(self.processes))
        order = (MASTER, *sorted(workers, key=lambda worker: self._rank(self.processes[worker])))
        place = {old: new for new, old in enumerate(order)} | {NOBODY: NOBODY}
        used = list(dict.fromkeys(n for n in (*self.locks, *(self.processes[me].inode for me in order)) if n >= 0))
        number = {old: new for new, old in enumerate(used)} | {-1: -1}
        inodes = (self.inodes[old] for old in used)
        return self._replace(
            locks=tuple(number[lock] for lock in self.locks),
            inodes=tuple(Inode(place[owner], last, counted) for owner, last, counted in inodes),
            processes=tuple(self.processes[me]._replace(inode=number[self.processes[me].inode]) for me in order),
        )

    def _rank(self, process: Process) -> tuple[object, ...]:
        # The inode's number means nothing; whether it is the one that has the name, and what it says, does.
        inode = self.inodes[process.inode] if process.inode >= 0 else Inode()
        has_name = process.inode >= 0 and self.locks[process.issue - 1] == process.inode
        is_owner = process.inode >= 0 and self.processes[inode.owner] is process and inode.owner != NOBODY
        return (process.step, process.issue, has_name, is_owner, inode[1:], *process[3:])
