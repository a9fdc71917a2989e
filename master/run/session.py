"""One `run`: from the command line to a finished study, or to a stopped one and the command that resumes it."""

import difflib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from hyperspool.common.commands import CommandDefinition
from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.errors import FolderError, StudyError, UsageError
from hyperspool.common.final import SUFFIX
from hyperspool.common.gpus import visible_gpus
from hyperspool.common.invocation import command_line, each_with, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, why_no_locks
from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.shared_folder import open_shared_folder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.earlier import record_earlier
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.warm_start import WarmStart, find_warm_start
from hyperspool.master.results.wording import counted, earlier_text
from hyperspool.master.run.completion import Workers, complete_study
from hyperspool.master.run.follow_up import FollowUp, follow_up_of
from hyperspool.master.run.probing import need_importable
from hyperspool.master.studies.changes import SPACE, Changes
from hyperspool.master.studies.growth import can_become, obstacle, publish_again
from hyperspool.master.studies.preset import preset_names
from hyperspool.master.studies.published import differences, publish_study, read_published, with_lock_kind
from hyperspool.master.studies.source import find_study
from hyperspool.master.studies.validity import need_trainable
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.summary import headline, print_result
from hyperspool.master.terminal.views import LiveView, PlainView


@dataclass(frozen=True)
class RunOptions:
    """The options of `run`.

    Attributes:
        root: the shared folder.
        study: a preset, a TOML file or a published study.
        changes: the changes to that study.
        workers: how many to start on this machine.
        own: the user's objectives, for these workers.
        is_new: start the study under a new name.
        sources: what the study is to learn from: names of studies, and paths of CSV files.
    """

    root: Path
    study: str
    changes: Changes
    workers: int
    own: OwnObjectives
    is_new: bool
    sources: tuple[str, ...] = ()


PrintEnd = Callable[[Terminal, StudyFolder, Standing, float | None], None]
"""Prints the end of a finished study; the last argument is the run's duration in seconds, None if nothing was left."""


def run_session(console: Terminal, options: RunOptions, print_end: PrintEnd = print_result) -> int:
    """Run or resume a study and print its result.

    Args:
        console: the terminal to print to.
        options: the options of the command line.
        print_end: called once the study is finished.

    Returns:
        The exit status: 0 if it is finished and at least one trial is complete, else 1.
    """
    root = options.root
    open_shared_folder(root)
    spec = find_study(options.study, root, options.changes)
    if spec.data and spec.data.final:
        searched = spec.name.removesuffix(SUFFIX)
        raise UsageError(
            f"study {spec.name} is a final evaluation, which reads the test part once; to run it: "
            f"{command_line('master', 'finalize', searched, *place_of(root))}"
        )
    if options.is_new:
        spec = spec.model_copy(update={"name": _unused_name(root, spec.name)})
    spec = with_lock_kind(StudyFolder(root, spec.name), spec)
    if spec.claim is not ClaimMode.LEASE and (reason := why_no_locks(root / "jobs")):
        raise FolderError(root.absolute(), f"{reason}; use --claim lease")
    folder = StudyFolder(root, spec.name)
    follow_up = follow_up_of(folder, spec)
    if follow_up:
        spec = follow_up.spec
        folder = StudyFolder(root, spec.name)
    if not folder.spec.exists():  # a published study already has results, or failures that state the reason
        need_trainable(spec, options.study)
    if options.workers:
        visible_gpus()  # the workers would say it too, but after the study is published
    _need_objective(console, spec, options)
    if options.workers and not folder.spec.exists() and spec.objective.name not in PARAMETERS:
        need_importable(spec.objective.name, options.own)
    warm_start = find_warm_start(spec, root, options.sources) if options.sources else None
    was = _publish(folder, spec, options)
    preparation = Preparation(follow_up, was, warm_start)
    standing, elapsed_s = _complete(console, folder, spec, options, preparation)
    if not standing.is_finished:
        console.say(f"stopped; everything is kept. To go on: {_go_on(folder, options)}")
        return 1
    print_end(console, folder, standing, elapsed_s)
    return 0 if standing.incumbent else 1


@dataclass(frozen=True)
class Preparation:
    """What is done once this process is the study's only master, before anything is proposed.

    Attributes:
        follow_up: what the study confirms, if anything.
        was: the study as it was published with other settings, which are replaced; None: it is as it was.
        warm_start: what the study is to learn from, if anything.
    """

    follow_up: FollowUp | None
    was: StudySpec | None
    warm_start: WarmStart | None

    def take_over(self, console: Terminal, folder: StudyFolder, spec: StudySpec) -> None:
        """Replace settings, take over results, and record earlier ones; say so.

        Raises:
            UsageError: the study has begun without these earlier results.
        """
        if self.was:
            publish_again(folder, spec)
            console.say(_changed_text(self.was, spec))
        if self.follow_up and (taken := self.follow_up.take_over(folder)):
            source, found = self.follow_up.source.name, counted(taken, "result")
            console.say(f"the search of study {source} is finished: study {spec.name} takes over its {found}")
        if self.warm_start:
            recorded = record_earlier(folder, spec, self.warm_start.results)
            console.say(f"study {spec.name} {earlier_text(recorded)}")
            if recorded is self.warm_start.results and (sentence := self.warm_start.sentence()):
                console.say(sentence, "dim")


def _complete(
    console: Terminal, folder: StudyFolder, spec: StudySpec, options: RunOptions, preparation: Preparation
) -> tuple[Standing, float | None]:
    """Return the study's standing and the duration of the run in seconds; None if no result was missing."""
    began_s: list[float] = []

    def prepare() -> None:
        preparation.take_over(console, folder, spec)

    def begin(standing: Standing) -> LiveView | PlainView:
        began_s.append(time.monotonic())
        console.tell(headline(standing))
        if options.is_new and "seed" not in options.changes.values:
            console.say(f"it draws the same params as any study with seed {spec.seed}; --seed N draws others", "dim")
        return (LiveView if console.is_terminal else PlainView)(console, spec, folder.root)

    workers = Workers(options.workers, options.own)
    standing = complete_study(folder, spec, workers, begin, prepare)
    return standing, time.monotonic() - began_s[0] if began_s else None


def _unused_name(root: Path, name: str) -> str:
    for number in count(2):
        folder = StudyFolder(root, f"{name}-{number}")
        if not folder.jobs.exists() and not folder.results.exists():
            return folder.name
    raise AssertionError("count() ends")


def _go_on(folder: StudyFolder, options: RunOptions) -> str:
    """Return the command that resumes this run, as it was typed; after `--new`, with the study's new name."""
    changes = () if options.is_new else options.changes.arguments
    study = folder.name if options.is_new else options.study
    return _run_command(study, folder.root, options, changes)


def _run_command(study: str, root: Path, options: RunOptions, changes: Sequence[str]) -> str:
    workers = ["--workers", str(options.workers)] if options.workers else []
    return command_line("master", "run", study, *place_of(root), *changes, *workers, *_own_arguments(study, options))


def _own_arguments(study: str, options: RunOptions) -> list[str]:
    # A study file that is named as the study need not be named once more.
    files = tuple(path for path in options.own.study_files if str(path) != study)
    return replace(options.own, study_files=files).arguments


def _publish(folder: StudyFolder, spec: StudySpec, options: RunOptions) -> StudySpec | None:
    """Publish the study.

    Returns:
        The study as it is published, if it may go on with the new settings; None if there are no new ones.

    Raises:
        UsageError: another study with this name and other settings is published.
    """
    different = publish_study(folder, spec)
    if not different:
        return None
    published = read_published(folder)
    if can_become(published, spec):
        return published
    lines = "".join(
        f"\n  {key}: published {_as_typed(was)}, now {_as_typed(now)}" for key, (was, now) in different.items()
    )
    if reason := obstacle(published, spec):
        lines += f"\n{reason}"
    # On the command line a preset's name means the preset, not the published study of that name. So only a preset
    # needs the published values repeated.
    values = [f"{key}={json.dumps(was)}" for key, (was, _) in different.items() if was is not None]
    changes = each_with("--set", values) if folder.name in preset_names() else []
    raise UsageError(
        f"study {spec.name} is published in {folder.root.absolute()} with other settings:{lines}\n"
        f"To go on with the published one: {_run_command(folder.name, folder.root, options, changes)}\n"
        "To start another study with the new settings: add --new"
    )


def _changed_text(was: StudySpec, spec: StudySpec) -> str:
    changes = [f"{key} {_as_typed(old)} -> {_as_typed(new)}" for key, (old, new) in differences(was, spec).items()]
    return f"study {spec.name} goes on with other settings: {', '.join(changes)}"


def _as_typed(value: object) -> str:
    return "nothing" if value is None else json.dumps(value)


def _need_objective(console: Terminal, spec: StudySpec, options: RunOptions) -> None:
    """Check that the study's objective is built in or given by an option or the study's file.

    Without local workers a missing objective only prints advice: other workers may have it.

    Raises:
        StudyError: the objective is a command that does not fit the study's space.
        UsageError: local workers lack the objective, or an option for own objectives is malformed.
    """
    name = spec.objective.name
    own = {definition.name: definition for definition in options.own.definitions()}
    if name not in PARAMETERS:  # a network knows which of its parameters are texts
        for key in options.changes.texts:
            if key.startswith(SPACE):
                console.say(f"--set {key}={options.changes.values[key]}: taken as a text", "dim")
    if isinstance(command := own.get(name), CommandDefinition):
        if problems := command.problems(spec.space):
            raise StudyError(options.study, problems)
        if unused := command.unused(spec.space):
            console.say(f"the command has no placeholder for {', '.join(unused)}: only HYPERSPOOL_PARAMS holds it")
    if name in PARAMETERS or name in own:
        return
    near = difflib.get_close_matches(name, PARAMETERS, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    problem = f"the study's objective {name} is not built in (built in: {', '.join(PARAMETERS)}{hint})"
    if options.workers:
        raise UsageError(f"{problem}; add --objective {name}=MODULE:FUNCTION")
    console.say(f"{problem}: start workers with --objective {name}=MODULE:FUNCTION")
