"""`Study.ask`: claims an open trial, and proposes one if none is open."""

import threading
import time
from contextlib import ExitStack

from hyperspool.api.claims import HeldTrial, HeldTrials
from hyperspool.api.proposing import Offer, Proposing
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.errors import UnableError, UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.names import name_of_process
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.watch import Appearance, FolderWatch, Wakeup
from hyperspool.master.journal.file import read_journal
from hyperspool.master.results.standing import read_standing
from hyperspool.worker.queue import JobQueue
from hyperspool.worker.retries import is_exhausted

FIRST_PAUSE_S = 0.02
"""The first wait for another process that proposes: it holds the study's lock for milliseconds."""
LAST_PAUSE_S = 1.0
"""The longest wait without a look. A trial that a killed process held comes free without an event."""


class Asking:
    """Takes trials of one published study for this process.

    Args:
        folder: the study's folder.
        spec: the study as published.
        held: gets each trial that is taken.
    """

    def __init__(self, folder: StudyFolder, spec: StudySpec, held: HeldTrials) -> None:
        self._folder, self._spec, self._held = folder, spec, held
        self._proposing = Proposing(folder, spec)
        self._claims = Claims(Claimant(name_of_process("ask-")))
        self._queue = JobQueue(folder.root, folder.name, None, self._claims)
        self._lock = threading.Lock()

    def ask(self, timeout_s: float | None) -> HeldTrial | None:
        """Return a trial, which is now held; None if the study has none left for this process.

        Args:
            timeout_s: how long to wait for others; None: without end.

        Raises:
            TimeoutError: others held all open trials for `timeout_s`.
            UsageError: the next trial depends on trials that this process holds.
        """
        end_s = float("inf") if timeout_s is None else time.monotonic() + timeout_s
        pause_s = FIRST_PAUSE_S
        with ExitStack() as stack:
            wait = None
            while True:
                with self._lock:
                    if held := self._claim():
                        return held
                offer = self._proposing.offer(end_s)
                if offer is Offer.MADE:
                    continue
                if self._is_over(offer, can_wait=timeout_s is not None):
                    return None
                if (left_s := end_s - time.monotonic()) <= 0:
                    raise TimeoutError(f"no trial of study {self._spec.name} came free in {timeout_s:g} s")
                wait = wait or self._watched(stack)
                wait.wait(min(pause_s, left_s))
                pause_s = min(pause_s * 2, LAST_PAUSE_S)

    def _watched(self, stack: ExitStack) -> Wakeup:
        bell = Wakeup()
        stack.callback(bell.close)
        stack.enter_context(FolderWatch(bell)).follow({self._folder.jobs: Appearance.RENAMED})
        return bell

    def _claim(self) -> HeldTrial | None:
        # A name for each trial, because a heartbeat shows one trial. The claims stay the same object: a lease's age is
        # measured by watching it.
        self._claims.claimant = claimant = Claimant(name_of_process("ask-"))
        while claimed := self._queue.next_claim():
            held = HeldTrial(claimed, claimant)
            try:
                if is_exhausted(claimed.spec.limits, claimed.claim.history):
                    held.report_exhausted()
                    continue
                held.start()
            except BaseException:
                held.leave()
                raise
            self._held.add(held)
            return held
        if reason := self._queue.unable.get(self._folder.name):
            raise UnableError(f"study {self._folder.name} cannot be served: {reason}")
        return None

    def _is_over(self, offer: Offer, *, can_wait: bool) -> bool:
        """Whether nobody will publish or give back a trial that this process could take.

        Raises:
            UsageError: the next trials depend on what this process holds, and the caller gave no time to wait.
        """
        mine, is_open = self._held.evaluations(), {issue.evaluation for issue in self._folder.open_issues()}
        if not is_open <= mine or (offer is Offer.BUSY and not is_open):
            return False  # somebody else holds one, and may die; or a master is between two batches
        may_promote = self._spec.halving is not None and bool(mine)  # once these have values
        if read_journal(self._folder, self._spec).journal.trial_count >= self._spec.all_trials and not may_promote:
            return True
        if self._spec.stop and read_standing(self._folder, self._spec).rule_that_holds():
            return True
        if can_wait:
            return False
        numbers = ", ".join(str(trial) for trial, _ in sorted(mine))
        raise UsageError(
            f"the next trials of study {self._spec.name} depend on those that this process has asked for and not told "
            f"yet ({numbers}): tell one first; or give ask a timeout_s, if another thread tells them"
        )
