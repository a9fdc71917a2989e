"""One range test: runs its study like any other, and reads the answer from the curve."""

from dataclasses import dataclass
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.errors import FolderError, UsageError
from hyperspool.common.invocation import command_line, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, why_no_locks
from hyperspool.common.shared_folder import open_shared_folder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import load_study
from hyperspool.master.analysis.figures.files import save_figure
from hyperspool.master.analysis.figures.lr_range import figures
from hyperspool.master.analysis.measures.lr_range import Proposal, proposed
from hyperspool.master.range_test.study import cyclical_study, to_toml
from hyperspool.master.results.standing import Standing
from hyperspool.master.run.session import RunOptions, run_session
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.published import publish_study, published_study, with_lock_kind
from hyperspool.master.studies.validity import need_trainable
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.summary import finished_text, print_places


@dataclass(frozen=True)
class RangeAnswer:
    """The answer of a range test.

    Attributes:
        sentences: the lines to print.
        paths: the files that were written.
        is_found: whether a range is proposed.
    """

    sentences: tuple[str, ...]
    paths: tuple[Path, ...]
    is_found: bool


def run_range(console: Terminal, root: Path, spec: StudySpec, workers: int) -> int:
    """Run or resume the study of a range test.

    Returns:
        The exit status of the run: 0 if its trial is complete.

    Raises:
        UsageError: a range test with this name and other settings is published.
        FolderError: the study claims by locks, and the folder's file system has none.
    """
    open_shared_folder(root)
    spec = with_lock_kind(StudyFolder(root, spec.name), spec)
    if spec.claim is not ClaimMode.LEASE and (reason := why_no_locks(root / "jobs")):
        raise FolderError(root.absolute(), f"{reason}; use --set claim=lease")
    need_trainable(spec, f"range test {spec.name}")
    if different := publish_study(StudyFolder(root, spec.name), spec):
        lines = "".join(f"\n  {key}: published {was}, now {now}" for key, (was, now) in different.items())
        raise UsageError(
            f"range test {spec.name} is published in {root.absolute()} with other settings:{lines}\n"
            "Use those settings, or test under another name: --set name=OTHER"
        )
    options = RunOptions(root, spec.name, Changes(), workers, OwnObjectives(), is_new=False)
    return run_session(console, options, _print_end)


def _print_end(console: Terminal, folder: StudyFolder, standing: Standing, elapsed_s: float | None) -> None:
    # Not the summary of a search: with a single trial a ranking means nothing. The answer follows from the curve.
    console.say(finished_text(standing, elapsed_s))
    print_places(console, folder, standing)
    if standing.incumbent is None:
        console.say("to test again once the cause is fixed: the same command with --set name=OTHER")


def answer_range(root: Path, study: str) -> RangeAnswer:
    """Read a range test's curve, draw it, and write a study that cycles within the proposed range.

    Raises:
        OSError: the report's folder cannot be written.
    """
    folder = published_study(root, study)
    data = load_study(root, study)
    found = proposed(data)
    paths = [path for figure in figures(data) for path in save_figure(figure, folder.report / "figures").paths]
    if not isinstance(found, Proposal):
        return RangeAnswer((f"no range is proposed: {found}",), tuple(paths), is_found=False)
    path = folder.report / f"{cyclical_study(data.spec, found).name}.toml"
    atomic.replace(path, to_toml(cyclical_study(data.spec, found)).encode(), durable=False)
    return RangeAnswer(tuple(_sentences(found, path, root)), (path, *paths), is_found=True)


def _sentences(proposal: Proposal, path: Path, root: Path) -> list[str]:
    sentences = [f'schedule = "triangular"\neta_min = {proposal.eta_min!r}\neta_max = {proposal.eta_max!r}']
    if not proposal.has_ended:
        sentences.append(
            "accuracy neither fell nor became ragged up to the last rate; a higher --to may widen the range"
        )
    command = command_line("master", "run", str(path), *place_of(root), "--workers", "1")
    return [*sentences, f"to train with this range: {command}"]
