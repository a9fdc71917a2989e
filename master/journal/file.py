"""The journal's file: read as untrusted input, appended to batch by batch, rewritten if it is damaged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from hyperspool.common import atomic
from hyperspool.common.collector import paused_collector
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import MAX_RECORD_BYTES, MAX_VALUES, read_bytes
from hyperspool.common.rejection import make_room, set_aside
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import explain
from hyperspool.master.journal.entries import BatchEntry, ProposalEntry
from hyperspool.master.journal.journal import Batch, Journal

MAX_JOURNAL_BYTES = 2**29
"""A proposal takes some hundred bytes, so this holds about a million proposals."""

Entry = BatchEntry | ProposalEntry
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="entry")])


@dataclass(frozen=True)
class JournalFile:
    """The content of a journal's file.

    Attributes:
        journal: the complete batches before the first damage.
        damage: what is wrong with the file, and the line from which on nothing counts; None if it is undamaged.
        is_cut_short: the last batch is incomplete, so no job of it was published.
    """

    journal: Journal
    damage: str | None = None
    is_cut_short: bool = False


class _DamageError(Exception):
    """A line is damaged, so nothing from this line on counts."""


@paused_collector()
def read_journal(folder: StudyFolder, spec: StudySpec) -> JournalFile:
    """Read a study's journal. A missing file is an empty journal.

    Raises:
        OSError: the file exists and cannot be read.
    """
    try:
        content = read_bytes(folder.journal, MAX_JOURNAL_BYTES)
    except FileNotFoundError:
        return JournalFile(Journal())
    except ProtocolError as error:
        return JournalFile(Journal(), error.reason)
    journal, end = Journal(), content.rfind(b"\n") + 1
    try:
        is_whole = _read_batches(journal, _lines_of(content, end), spec)
    except _DamageError as error:
        return JournalFile(journal, str(error))
    return JournalFile(journal, is_cut_short=end < len(content) or not is_whole)


class JournalWriter:
    """Writes a study's journal. Only the study's master may have one. The constructor writes nothing.

    Args:
        folder: the study's folder.
        found: the content of the journal's file.

    Attributes:
        journal: the recorded batches.
    """

    def __init__(self, folder: StudyFolder, found: JournalFile) -> None:
        self._folder, self._found = folder, found
        self._size_bytes = 0
        self.journal = found.journal

    @property
    def is_current(self) -> bool:
        """Whether the file is as this process left it, so that nobody else has recorded anything."""
        return self._size() == self._size_bytes

    def mend(self) -> None:
        """Make the file equal to `journal`. A damaged file is set aside first. The call can be repeated.

        Raises:
            OSError: the disk is full or gone.
        """
        if self._found.damage:
            set_aside(self._folder, self._folder.journal, f"the journal is damaged: {self._found.damage}")
        if self._found.is_cut_short or (self._found.damage and self.journal.batches):
            self._rewrite(self.journal.batches)
        self._size_bytes = self._size()

    def append(self, batch: Batch) -> None:
        """Record a batch durably, with one flush for all of its proposals.

        If the file's length is not what this process left, it was removed or changed, and is rewritten as a whole.

        Raises:
            OSError: the disk is full or gone. The batch is not in `journal`, and the call can be repeated.
        """
        if self._size() == self._size_bytes:
            atomic.append_lines(self._folder.journal, batch.lines())
        else:
            self._rewrite([*self.journal.batches, batch])
        self.journal.add(batch)
        self._size_bytes = self._size()

    def _rewrite(self, batches: Sequence[Batch]) -> None:
        make_room(self._folder, self._folder.journal)
        text = "".join(f"{line}\n" for batch in batches for line in batch.lines())
        atomic.replace(self._folder.journal, text.encode(), durable=True)

    def _size(self) -> int:
        try:
            return self._folder.journal.lstat().st_size
        except FileNotFoundError:
            return 0


def _lines_of(content: bytes, end: int) -> Iterator[bytes]:
    """The lines up to a newline, one after another: a list of them would take as much memory as the content again."""
    begin = 0
    while begin < end:
        after = content.index(b"\n", begin)
        yield content[begin:after]
        begin = after + 1


def _read_batches(journal: Journal, lines: Iterator[bytes], spec: StudySpec) -> bool:
    """Add a file's batches to the journal; return False if the last batch lacks proposals."""
    entries = enumerate(lines, start=1)
    for number, line in entries:
        head = _parsed(number, line)
        if not isinstance(head, BatchEntry):
            raise _DamageError(f"line {number}: found a proposal, expected a batch")
        if head.batch != journal.next_batch:
            raise _DamageError(f"line {number}: found batch {head.batch}, expected batch {journal.next_batch}")
        proposals: dict[EvaluationKey, ProposalEntry] = {}
        for below, text in _next(entries, head.proposals):
            entry = _parsed(below, text, is_proposal=True)
            if not isinstance(entry, ProposalEntry):
                raise _DamageError(f"line {below}: found a batch, expected a proposal of batch {head.batch}")
            key = entry.key
            if key in journal.entries or key in proposals:
                raise _DamageError(f"line {below}: trial {entry.trial} is proposed a second time")
            if problem := _problem(entry, head, spec):
                raise _DamageError(f"line {below}: {problem}")
            proposals[key] = entry
        if len(proposals) < head.proposals:
            return False
        journal.add(Batch(head, tuple(proposals.values())))
    return True


def _next(entries: Iterator[tuple[int, bytes]], count: int) -> Iterator[tuple[int, bytes]]:
    for _, entry in zip(range(count), entries, strict=False):
        yield entry


def _parsed(number: int, line: bytes, *, is_proposal: bool = False) -> Entry:
    if len(line) > MAX_RECORD_BYTES or line.count(b",") > MAX_VALUES:
        raise _DamageError(f"line {number}: longer than any entry")
    if is_proposal:  # as nearly all are: asking which of the two it is takes as long as reading it
        try:
            return ProposalEntry.of_line(line)
        except ValidationError:
            pass  # what is wrong is said below
    try:
        return _ENTRY.validate_json(line)
    except ValidationError as error:
        raise _DamageError(f"line {number}: {'; '.join(explain(error, ProposalEntry))}") from None


def _problem(entry: ProposalEntry, head: BatchEntry, spec: StudySpec) -> str | None:
    if entry.batch != head.batch:
        return f"batch: found {entry.batch}, expected {head.batch}"
    return "; ".join(spec.problems_of_trial(entry.trial, entry.params)) or None
