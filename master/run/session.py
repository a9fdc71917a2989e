"""One `run`: from the command line's wish to a finished study, or to an interrupted one that says how to go on."""

import difflib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from hyperspool.common.errors import FolderError, UsageError
from hyperspool.common.final import SUFFIX
from hyperspool.common.invocation import command_line, each_with, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, why_no_locks
from hyperspool.common.objectives import PARAMETERS, parse_definitions
from hyperspool.common.shared_folder import open_shared_folder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted
from hyperspool.master.run.completion import Workers, complete_study
from hyperspool.master.run.follow_up import FollowUp, follow_up_of
from hyperspool.master.run.loop import publish_study
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.preset import preset_names
from hyperspool.master.studies.source import find_study
from hyperspool.master.studies.validity import need_trainable
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.summary import headline, print_result
from hyperspool.master.terminal.views import LiveView, PlainView


@dataclass(frozen=True)
class RunOptions:
    """What the command line says.

    Attributes:
        root: the shared folder.
        study: a preset, a TOML file or a published study.
        changes: what to change in it.
        workers: how many to start on this machine.
        objectives: the user's objectives for those.
        is_new: start it under a new name.
    """

    root: Path
    study: str
    changes: Changes
    workers: int
    objectives: tuple[str, ...]
    is_new: bool


def run_session(console: Terminal, options: RunOptions) -> int:
    """Run or resume a study and print its result.

    Returns:
        The exit status: 0 if it is finished and at least one trial is complete, else 1.
    """
    root = options.root
    open_shared_folder(root)
    spec = find_study(options.study, root, options.changes)
    if spec.data and spec.data.final:
        searched = spec.name.removesuffix(SUFFIX)
        raise UsageError(
            f"study {spec.name} is a final evaluation, which reads the test part once: "
            f"{command_line('master', 'finalize', searched, *place_of(root))} goes on with it"
        )
    if options.is_new:
        spec = spec.model_copy(update={"name": _unused_name(root, spec.name)})
    if spec.claim is ClaimMode.LOCK and (reason := why_no_locks(root / "jobs")):
        raise FolderError(root.absolute(), f"{reason}; use --claim lease")
    folder = StudyFolder(root, spec.name)
    follow_up = follow_up_of(folder, spec)
    if follow_up:
        spec = follow_up.spec
        folder = StudyFolder(root, spec.name)
    if not folder.spec.exists():  # one that is published has results, or failures that say why
        need_trainable(spec, options.study)
    _check_objective(console, spec, options)
    _publish(folder, spec, options)
    standing, elapsed_s = _complete(console, folder, spec, options, follow_up)
    if not standing.is_finished:
        console.say(f"stopped; everything is kept. To go on: {_go_on(folder, options)}")
        return 1
    print_result(console, folder, standing, elapsed_s)
    return 0 if standing.incumbent else 1


def _complete(
    console: Terminal, folder: StudyFolder, spec: StudySpec, options: RunOptions, follow_up: FollowUp | None
) -> tuple[Standing, float | None]:
    """The study's standing, and for how long it was evaluated, in seconds; None if nothing was missing."""
    began_s: list[float] = []

    def take_over() -> None:
        if follow_up and (taken := follow_up.take_over(folder)):
            source, found = follow_up.source.name, counted(taken, "result")
            console.say(f"the search of study {source} is finished: study {spec.name} takes over its {found}")

    def begin(standing: Standing) -> LiveView | PlainView:
        began_s.append(time.monotonic())
        console.tell(headline(standing))
        if options.is_new and "seed" not in options.changes.values:
            console.say(f"it draws the same params as every study with seed {spec.seed}; --seed N draws others", "dim")
        return (LiveView if console.is_terminal else PlainView)(console, spec, folder.root)

    workers = Workers(options.workers, options.objectives)
    standing = complete_study(folder, spec, workers, begin, take_over)
    return standing, time.monotonic() - began_s[0] if began_s else None


def _unused_name(root: Path, name: str) -> str:
    for number in count(2):
        folder = StudyFolder(root, f"{name}-{number}")
        if not folder.jobs.exists() and not folder.results.exists():
            return folder.name
    raise AssertionError("count() ends")


def _go_on(folder: StudyFolder, options: RunOptions) -> str:
    """The command that goes on with this run, as it was typed; a study that was started anew by its new name."""
    changes = () if options.is_new else options.changes.arguments
    study = folder.name if options.is_new else options.study
    return _run_command(study, folder.root, options, changes)


def _run_command(study: str, root: Path, options: RunOptions, changes: Sequence[str]) -> str:
    workers = ["--workers", str(options.workers)] if options.workers else []
    objectives = each_with("--objective", options.objectives)
    return command_line("master", "run", study, *place_of(root), *changes, *workers, *objectives)


def _publish(folder: StudyFolder, spec: StudySpec, options: RunOptions) -> None:
    """Publish the study.

    Raises:
        UsageError: a different study of that name is there.
    """
    different = publish_study(folder, spec)
    if not different:
        return
    lines = "".join(
        f"\n  {key}: published {_as_typed(was)}, now {_as_typed(now)}" for key, (was, now) in different.items()
    )
    # A preset's name means the preset; any other name means what is published.
    values = [f"{key}={json.dumps(was)}" for key, (was, _) in different.items() if was is not None]
    changes = each_with("--set", values) if folder.name in preset_names() else []
    raise UsageError(
        f"study {spec.name} is published in {folder.root.absolute()} with other settings:{lines}\n"
        f"To go on with the published one: {_run_command(folder.name, folder.root, options, changes)}\n"
        "To start another one with the settings of now: add --new"
    )


def _as_typed(value: object) -> str:
    return "nothing" if value is None else json.dumps(value)


def _check_objective(console: Terminal, spec: StudySpec, options: RunOptions) -> None:
    """See to it that somebody can evaluate the study.

    Raises:
        UsageError: the local workers could not, because nobody said where its objective is; or said it wrongly.
    """
    name = spec.objective.name
    own = dict(parse_definitions(options.objectives))
    if name in PARAMETERS or name in own:
        return
    near = difflib.get_close_matches(name, PARAMETERS, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    told = f"the study's objective {name} is not built in (built in: {', '.join(PARAMETERS)}{hint})"
    if options.workers:
        raise UsageError(f"{told}; say where it is: --objective {name}=MODULE:FUNCTION")
    console.say(f"{told}: start workers with --objective {name}=MODULE:FUNCTION")
