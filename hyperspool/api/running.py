"""`Study.run`: a study's trials on workers that this process starts, or on workers elsewhere."""

import os
import pickle
import re
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import cloudpickle

from hyperspool.api.assisting import assist
from hyperspool.api.source import digest_of
from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.errors import SearchError, StudyBusyError, UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.sent import SentDefinition
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import shown
from hyperspool.master.results.standing import Standing
from hyperspool.master.run.alike import AllFailedAlikeError
from hyperspool.master.run.completion import Workers, complete_study
from hyperspool.master.run.loop import View
from hyperspool.master.run.signals import StopSignals
from hyperspool.master.terminal.brief import QuietView, print_end, view_for
from hyperspool.master.terminal.console import output

Function = Callable[..., Any]
UNNAMED = "own"
"""The objective's name in a study whose objective has none, such as a lambda, or is not known yet."""


def objective_name(objective: Function | str | None) -> str:
    """Return the name under which a new study names its objective."""
    written = objective if isinstance(objective, str) else getattr(objective, "__name__", "")
    name = written.rpartition(":")[2]
    is_name = re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", name) is not None
    return name if is_name and name not in PARAMETERS else UNNAMED


def own_objectives(name: str, objective: Function | str | None, workers: int) -> OwnObjectives:
    """Return what a study's objective stands for.

    Args:
        name: of the objective, in the study.
        objective: a function, or where one is: `module:function` or `file.py:function`; None: nothing is said.
        workers: how many need to know it.

    Raises:
        UsageError: it is neither, or it cannot be sent to workers, or they need one and there is none.
    """
    if objective is None and workers and name not in PARAMETERS:
        raise UsageError(
            f"the workers need the study's objective {name}: give run a function, or workers=0 to leave the trials to "
            "workers that are started elsewhere"
        )
    if objective is None:
        return OwnObjectives()
    if name in PARAMETERS:
        raise UsageError(f"the study's objective {name} is built in; leave the function out")
    if isinstance(objective, str):
        own = OwnObjectives((f"{name}={objective}",))
        own.definitions()  # refuses a text of another form
        return own
    if not callable(objective):
        raise UsageError(
            f"objective: found {shown(objective)}, expected a function of the params and the trial, or a text "
            "'module:function'"
        )
    return OwnObjectives(sent=SentDefinition(name, _pickled(objective), digest_of(objective)))


def _pickled(function: Function) -> bytes:
    path = [os.path.abspath(entry or os.curdir) for entry in sys.path]  # noqa: PTH100 - the same text, but absolute
    try:
        return pickle.dumps((path, cloudpickle.dumps(function)))
    except Exception as error:
        name = getattr(function, "__qualname__", repr(function))
        raise UsageError(
            f"the objective {name} cannot be sent to workers: {type(error).__name__}: {error}. Make inside the "
            "function what cannot be sent, or put the function into a module and give its place: 'module:function'"
        ) from error


def run_trials(folder: StudyFolder, spec: StudySpec, workers: Workers, *, is_shown: bool) -> Standing:
    """Run a published study until each of its trials has a result; if another process runs it, lend it the workers.

    Args:
        folder: the study's folder.
        spec: the study, with as many trials as are wanted now.
        workers: started on this machine.
        is_shown: whether to show the progress.

    Raises:
        SearchError: the study cannot be finished, or another process runs it and there are no workers to lend.
        KeyboardInterrupt: Ctrl-C stopped it; the results so far stay.
    """

    def make_view(_: Standing) -> AbstractContextManager[View]:
        return view_for(output, spec, folder.root) if is_shown else QuietView()

    began_s = time.monotonic()
    while True:
        signals = StopSignals()
        try:
            standing = complete_study(folder, spec, workers, make_view, signals=signals)
        except AllFailedAlikeError as error:
            raise AllFailedAlikeError(error.found, "give the study another name. The same call goes on") from None
        except StudyBusyError as error:
            if not workers.count:
                raise SearchError(
                    f"study {error.study} already has a master ({error.holder}), which goes on without this call. Give "
                    "run workers to lend it, or call again when it has ended"
                ) from None
            with StopSignals() as signals, make_view(Standing(spec)) as view:
                standing = assist(folder, spec, workers, view, signals)
        if standing.is_finished or signals.received:
            break
    if is_shown:
        print_end(output, folder, standing, time.monotonic() - began_s)
    signals.pass_on()
    return standing
