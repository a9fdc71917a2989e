"""A shared folder on which a test's masters and workers play, each forked in milliseconds, and what must come of it."""

import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.studies.published import read_published
from tests.chaos.chaos import STUDY, Weather
from tests.chaos.crashing import NEVER, Fork, publish, recover, run_master, run_worker
from tests.chaos.outcome import Outcome, broken_journal, differences, outcome_of, strays


@dataclass
class Stage:
    """A shared folder with one study.

    Attributes:
        root: the folder; the processes' output goes to files beside it.
        expected: what the study comes to when nothing happens to it.
        status: with which exit status its master ends then.
    """

    root: Path
    expected: Outcome = field(default_factory=dict)
    status: int = 0

    @classmethod
    def with_study(cls, root: Path, weather: Weather) -> "Stage":
        """A stage with the study's file, not published."""
        weather.write_study(root)
        return cls(root)

    @classmethod
    def published(cls, root: Path, weather: Weather) -> "Stage":
        """A stage with the study and its first batch published, without a master."""
        stage = cls.with_study(root, weather)
        stage.finish(Fork(stage._log("publish"), publish, root))
        return stage

    @property
    def folder(self) -> StudyFolder:
        """The study's."""
        return StudyFolder(self.root, STUDY)

    @property
    def spec(self) -> StudySpec:
        """The study, as published."""
        return read_published(self.folder)

    @property
    def outcome(self) -> Outcome:
        """What the study has come to."""
        return outcome_of(self.folder, is_timed=False)

    def copy(self, name: str) -> "Stage":
        """A copy of the folder as it is, beside it, where the same is expected."""
        root = self.root.with_name(name)
        shutil.copytree(self.root, root)
        return Stage(root, self.expected, self.status)

    def expect_what_comes_undisturbed(self) -> None:
        """Find out what is expected, by playing on a copy."""
        copy = self.copy(f"{self.root.name} undisturbed")
        copy.recover()
        self.expected = copy.outcome

    def worker(self, scene: str = "", at: int = NEVER, *, is_staying: bool = False) -> Fork:
        """Start a worker, which crashes at its `at`-th operation."""
        return Fork(self._log("worker"), run_worker, self.root, scene, at, is_staying=is_staying)

    def master(self, at: int = NEVER) -> Fork:
        """Start a master, which crashes at its `at`-th operation."""
        return Fork(self._log("master"), run_master, self.root, at)

    def recover(self) -> None:
        """Let a worker finish what is open, and then a master the study."""
        self.finish(Fork(self._log("recovery"), recover, self.root))

    def play(self, at: int = NEVER) -> str:
        """Let a master crash, and another finish the study, beside a worker; return where the first crashed."""
        worker = self.worker(is_staying=True)
        try:
            first = self.master(at)
            status, printed = first.wait(), first.output
            if status == -signal.SIGKILL:
                self.finish(self.master())
            else:
                assert status == self.status, printed
            assert worker.stop() == 0, worker.output
        finally:
            worker.end()
        return f"crash {at}: {printed.splitlines()[-1]}" if status == -signal.SIGKILL else ""

    def finish(self, fork: Fork) -> None:
        """Wait until a process ends as it should."""
        self.finish_with(fork, self.status)

    def finish_with(self, fork: Fork, expected_status: int) -> None:
        """Wait until a process ends with this status."""
        status = fork.wait()
        fork.end()
        assert status == expected_status, fork.output

    def check(self, what: str, rejected: Sequence[bytes] = (), *, may_be_late: bool = False) -> None:
        """Make sure that the study came to what is expected and left nothing behind, and remove the folder.

        Args:
            what: happened, for the message.
            rejected: what must have been set aside.
            may_be_late: whether a second result may have been kept aside.
        """
        assert differences(self.outcome, self.expected) == [], what
        assert strays(self.root, STUDY) == [], what
        assert broken_journal(self.folder) is None, what
        aside = [path for path in self.folder.rejected.glob("*") if not path.name.endswith(".reason.txt")]
        assert sorted(path.read_bytes() for path in aside) == sorted(rejected), what
        assert may_be_late or not self.folder.duplicates.exists(), what
        shutil.rmtree(self.root)

    def _log(self, who: str) -> Path:
        return self.root.with_name(f"{self.root.name}.{who}")
