"""A study at one moment, in the form in which optuna-dashboard asks for it."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from hyperspool.common.asked import Note
from hyperspool.common.file_kinds import NOTE
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.printable import printable
from hyperspool.master.analysis.data.curve_frame import KeptCurves
from hyperspool.master.analysis.data.frames import study_data
from hyperspool.master.analysis.data.so_far import with_open_trials
from hyperspool.master.analysis.exports.optuna_study import METRIC_NAMES, directions_of, frozen_trials, study_attributes
from hyperspool.master.analysis.exports.plain_trials import goals_of
from hyperspool.master.results.notes import read_notes
from hyperspool.master.results.reading import StudyResults, read_results
from hyperspool.master.results.standing import read_standing
from hyperspool.master.studies.published import read_published

NOTE_PIECE = 2000
"""Characters of a piece of a note. Optuna's databases hold 2,045 in one attribute, so its dashboard joins pieces."""


@dataclass(frozen=True)
class Snapshot:
    """A study and its trials.

    Attributes:
        directions: of its objectives.
        user_attrs: what is said of it.
        system_attrs: the names of its objectives, and its notes as the dashboard keeps them.
        trials: by number.
        best: the number of the incumbent; None before a trial is COMPLETE.
    """

    directions: list[StudyDirection]
    user_attrs: dict[str, Any]
    system_attrs: dict[str, Any]
    trials: list[FrozenTrial]
    best: int | None


def signature(folder: StudyFolder) -> object:
    """Return something that differs as soon as a snapshot would: it costs listings, but reads no result."""
    curves = (folder.running / name for name in names_of(folder.running))
    jobs = sorted(names_of(folder.jobs))
    return (
        folder.all_finished(),
        jobs,
        names_of(folder.place(NOTE.place)),
        list(_sizes((folder.spec, folder.journal, *curves))),
    )


def _sizes(paths: Iterable[Path]) -> Iterator[tuple[str, int]]:
    for path in paths:
        with suppress(OSError):  # it has just gone
            yield path.name, os.lstat(path).st_size


class Reader:
    """Reads a study again and again. A result or a curve that was read is not read again.

    Args:
        folder: of the published study.
        first_trial_id: what Optuna calls trial 0; the others follow.
    """

    def __init__(self, folder: StudyFolder, first_trial_id: int) -> None:
        self._folder, self._first = folder, first_trial_id
        self._read, self._curves = StudyResults(), KeptCurves()

    def snapshot(self) -> Snapshot:
        """Read what there is now.

        Raises:
            ProtocolError: the study's `study.json` is not a valid study.
        """
        folder, spec = self._folder, read_published(self._folder)
        self._read = read_results(folder, spec, self._read)
        standing = read_standing(folder, spec, self._read)
        trials = frozen_trials(with_open_trials(folder, study_data(folder, spec, self._read, self._curves), standing))
        for trial in trials:
            trial._trial_id = self._first + trial.number  # noqa: SLF001 - the attribute has no other setter
        names = {METRIC_NAMES: [goal.measure for goal in goals_of(spec)]}
        best = standing.incumbent
        return Snapshot(
            directions_of(spec),
            study_attributes(spec),
            names | dict(_notes(read_notes(folder), self._first)),
            trials,
            best.trial if best else None,
        )


def _notes(notes: Iterable[Note], first_trial_id: int) -> Iterator[tuple[str, Any]]:
    """The notes in the attributes in which the dashboard looks for its own."""
    texts: dict[int | None, list[str]] = {}
    for note in notes:
        texts.setdefault(note.trial, []).append(
            f"{_as_markdown(note.text)}\n\n*{_as_markdown(f'{note.at}, {note.host}')}*"
        )
    for trial, parts in texts.items():
        text, of = "\n\n---\n\n".join(parts), "" if trial is None else f"{first_trial_id + trial}:"
        yield f"dashboard:{of}note_ver", 1
        for number, start in enumerate(range(0, len(text), NOTE_PIECE)):
            yield f"dashboard:{of}note_str:{number}", text[start : start + NOTE_PIECE]


def _as_markdown(text: str) -> str:
    """A text so that the dashboard, which reads Markdown, shows it as it is."""
    return re.sub(r"([^\w\s])", r"\\\1", printable(text)).replace("\n", "  \n")
