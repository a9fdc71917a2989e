"""A dispatcher on a test's folder, and what its worker does there."""

from hyperspool.common.claim import Claim, Claimant, Claims
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Job
from hyperspool.common.report import report
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.run.dispatch import Dispatcher
from hyperspool.master.run.silence import Silence
from tests.common.test_report import CURVE, claim_of, result_of
from tests.conftest import spec_of


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Bench:
    """A dispatcher on a folder, with a clock of its own."""

    def __init__(self, folder: StudyFolder) -> None:
        self.folder = folder
        self.clock = Clock()
        self.silence = Silence(self.clock)
        self.dispatcher = self.restarted()

    def restarted(self, spec: StudySpec | None = None) -> Dispatcher:
        """Another master's dispatcher, which remembers nothing."""
        spec = spec or spec_of(limits={"stale_s": 60.0})
        return Dispatcher(self.folder, spec, Claims(Claimant("master")), self.silence, self.clock)

    def evaluate(self, trial: int, issue: int = 1) -> Claim:
        """What a worker does with a job, from LOCK to CLEAR."""
        claim = claim_of(self.folder, Issue(trial, number=issue))
        report(claim, result_of(claim), CURVE)
        return claim

    def beat(self, worker: str, beat: int) -> None:
        """Let a worker's heartbeat be seen."""
        record = WorkerRecord(worker=worker, host="lab", pid=1, device="cpu", state="running", beat=beat, at="")
        self.silence.observe([record])


def publish(dispatcher: Dispatcher, jobs: list[Job]) -> None:
    """Await and publish these jobs."""
    dispatcher.expect(jobs)
    dispatcher.publish()
