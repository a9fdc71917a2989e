"""Notes of people beside a study's results: one small file each, written once by any host, never changed or removed.

results/<study>/notes/20261126T212503123-3f9a1c.json
"""

import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.asked import MAX_NOTE, Note
from hyperspool.common.clock import now_text
from hyperspool.common.errors import ProtocolError, UsageError
from hyperspool.common.file_kinds import NOTE
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.names import unique_name
from hyperspool.common.reading import read_record
from hyperspool.common.study_spec import StudySpec


def write_note(folder: StudyFolder, spec: StudySpec, text: str, trial: int | None = None) -> Note:
    """Write a note of a study, or of one of its trials.

    Raises:
        UsageError: the text is blank or too long, or the study has no such trial.
        OSError: the folder refuses the file.
    """
    text = text.encode(errors="replace").decode().strip()
    if not 1 <= len(text) <= MAX_NOTE:
        raise UsageError(f"the note has {len(text)} characters, expected 1 to {MAX_NOTE}")
    if trial is not None and not 0 <= trial < spec.all_trials:
        raise UsageError(f"study {spec.name} has no trial {trial}; its trials are 0 to {spec.all_trials - 1}")
    note = Note(text=text, trial=trial, host=socket.gethostname(), at=now_text())
    atomic.make_folder(folder.place(NOTE.place))
    atomic.write_once(folder.path(NOTE, unique_name(note.at)), note.to_json())
    return note


def read_notes(folder: StudyFolder, trial: int | None = None) -> list[Note]:
    """Read the notes of a study and its trials, the oldest first. Unreadable ones are skipped; `fsck` names them.

    Args:
        folder: the study's.
        trial: only the notes of this one.
    """
    found: list[Note] = []
    for file_name in sorted(names_of(folder.place(NOTE.place))):
        name = NOTE.parse(file_name)
        if isinstance(name, str):
            with suppress(OSError, ProtocolError):
                found.append(read_record(folder.path(NOTE, name), Note))
    return [note for note in found if trial is None or note.trial == trial]


def notes_json(notes: Iterable[Note]) -> dict[str, Any]:
    """Notes as `--json` prints them: `notes`, a list; nothing if there are none."""
    found = [note.model_dump(mode="json", exclude_none=True, exclude={"schema_version"}) for note in notes]
    return {"notes": found} if found else {}


def note_text(note: Note) -> str:
    """A note for people: `2026-01-31 12:00, lab: the data were wrong`; of a trial, with its number."""
    of = "" if note.trial is None else f", trial {note.trial}"
    text = note.text.replace("\n", "\n    ")  # so that its lines are not taken for others
    return f"{note.at[:16].replace('T', ' ')}, {note.host}{of}: {text}"
