"""A shared folder for a test's masters and workers, which are forked in milliseconds, and its expected outcome."""

import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.common.signals import STOPPED_STATUS
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
        expected: the outcome of the study without crashes.
        status: the exit status of its master without crashes.
    """

    root: Path
    expected: Outcome = field(default_factory=dict)
    status: int = 0

    @classmethod
    def with_study(cls, root: Path, weather: Weather) -> "Stage":
        """Make a stage with a study file that is not published."""
        weather.write_study(root)
        return cls(root)

    @classmethod
    def published(cls, root: Path, weather: Weather) -> "Stage":
        """Make a stage with the study and its first batch published, without a master."""
        stage = cls.with_study(root, weather)
        stage.finish(Fork(stage._log("publish"), publish, root))
        return stage

    @property
    def folder(self) -> StudyFolder:
        """The study's folder."""
        return StudyFolder(self.root, STUDY)

    @property
    def spec(self) -> StudySpec:
        """The study, as published."""
        return read_published(self.folder)

    @property
    def outcome(self) -> Outcome:
        """The outcome of the study now."""
        return outcome_of(self.folder, is_timed=False)

    def copy(self, name: str) -> "Stage":
        """Copy the folder to one beside it, with the same expected outcome."""
        root = self.root.with_name(name)
        shutil.copytree(self.root, root)
        return Stage(root, self.expected, self.status)

    def expect_what_comes_undisturbed(self) -> None:
        """Set the expected outcome by running a copy to its end."""
        copy = self.copy(f"{self.root.name} undisturbed")
        copy.recover()
        self.expected = copy.outcome

    def worker(self, scene: str = "", at: int = NEVER, *, is_staying: bool = False) -> Fork:
        """Start a worker that crashes at its `at`-th operation."""
        return Fork(self._log("worker"), run_worker, self.root, scene, at, is_staying=is_staying)

    def master(self, at: int = NEVER) -> Fork:
        """Start a master that crashes at its `at`-th operation."""
        return Fork(self._log("master"), run_master, self.root, at)

    def recover(self) -> None:
        """Run a worker until no job is open, then a master until the study is finished."""
        self.finish(Fork(self._log("recovery"), recover, self.root))

    def play(self, at: int = NEVER) -> str:
        """Crash a master, let another finish the study beside a worker, and return where the first one crashed."""
        worker = self.worker(is_staying=True)
        try:
            first = self.master(at)
            status, printed = first.wait(), first.output
            if status == -signal.SIGKILL:
                self.finish(self.master())
            else:
                assert status == self.status, printed
            assert worker.stop() in {0, STOPPED_STATUS}, worker.output
        finally:
            worker.end()
        return f"crash {at}: {printed.splitlines()[-1]}" if status == -signal.SIGKILL else ""

    def finish(self, fork: Fork) -> None:
        """Wait until a process ends with the expected status of a master."""
        self.finish_with(fork, self.status)

    def finish_with(self, fork: Fork, expected_status: int) -> None:
        """Wait until a process ends, and check its exit status."""
        status = fork.wait()
        fork.end()
        assert status == expected_status, fork.output

    def check(self, what: str, rejected: Sequence[bytes] = (), *, may_be_late: bool = False) -> None:
        """Check that the study has the expected outcome and left nothing behind; then remove the folder.

        Args:
            what: what happened to it, for the message.
            rejected: the content of each file that must have been set aside.
            may_be_late: whether a late second result may have been set aside.
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
