"""Writes digests of trial folders while a study runs, so that whoever reads the study later opens few files."""

import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from hyperspool.common.confinement import listing_of
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.layout import TRIALS_PER_FOLDER, StudyFolder
from hyperspool.common.outcome import Outcome
from hyperspool.common.shared_folder import time_by
from hyperspool.common.sharing import SharedParts, with_equal_parts
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.results.digests import SETTLED_S, Digests, write_digest
from hyperspool.master.results.reading import FolderReader, StudyResults

MOST_S = 0.02
"""The time that goes into digests each second, at most. Writing one takes some milliseconds."""


class Digesting:
    """The digests of one study. Only the study's master may use one.

    A trial folder is due once all of its trials have their results, or the study is over. What is missed because the
    folder has just changed, or this process is killed, a later master writes.

    Args:
        folder: the study's folder.
        spec: the study.
    """

    def __init__(self, folder: StudyFolder, spec: StudySpec) -> None:
        self._folder, self._spec = folder, spec
        self._due: dict[int, StudyResults] = {}

    def known(self, asked: Mapping[EvaluationKey, ProposalEntry]) -> dict[EvaluationKey, Outcome]:
        """The results in all digests that are trusted, as far as they are of what was asked for.

        Args:
            asked: the recorded proposals. Their outcomes share with them what is equal.
        """
        digests, found = Digests(self._folder, self._spec, SharedParts()), dict[EvaluationKey, Outcome]()
        for path in self._folder.trial_folders():
            if digest := digests.trusted(path):
                own = ((key, outcome, asked.get(key)) for key, outcome in digest[0].items())
                found.update((k, with_equal_parts(o, entry)) for k, o, entry in own if entry and entry.is_met_by(o))
        return found

    def landed(self, outcomes: Iterable[Outcome], landed_s: dict[EvaluationKey, float]) -> None:
        """Remember results that were just read.

        Args:
            outcomes: of the results.
            landed_s: when each appeared, by the file server's clock, and is taken out of it here; one that it does not
                have will be read again.
        """
        for outcome in outcomes:
            key, due = outcome.evaluation, self._due.setdefault(outcome.trial // TRIALS_PER_FOLDER, StudyResults())
            if key in landed_s:
                due.results[key], due.landed_s[key] = outcome, landed_s.pop(key)

    def write(self, proposed: int, awaited: Collection[Path]) -> None:
        """Write some of the digests that are due.

        Args:
            proposed: how many trials are proposed.
            awaited: the folders in which results will appear.
        """
        whole = [number for number in self._due if (number + 1) * TRIALS_PER_FOLDER <= proposed]
        self._write([number for number in whole if self._path(number) not in awaited], MOST_S)

    def write_all(self) -> None:
        """Write the digests of all trial folders that have changed; the study is over."""
        self._write(list(self._due), float("inf"))

    def _write(self, numbers: list[int], most_s: float) -> None:
        if not numbers:
            return
        begun_s = time.monotonic()
        # A digest is a convenience: a folder that refuses it, or is cut off, must not stop the study.
        with suppress(OSError):
            now_s = time_by(self._folder.workers)
            for number in sorted(numbers):
                if time.monotonic() - begun_s > most_s:
                    break
                if self._write_one(number, now_s):
                    del self._due[number]

    def _write_one(self, number: int, now_s: float) -> bool:
        """Return False if the folder has changed a moment ago, so that it must be tried again."""
        path, found = self._path(number), StudyResults()
        _, changed_ns = listing_of(path)
        if now_s < changed_ns / 1e9 + SETTLED_S:
            return False
        FolderReader(self._folder, self._spec, self._due[number]).read(path, found)
        if listing_of(path)[1] != changed_ns:
            return False
        if not found.unreadable and not found.foreign:
            outcomes = {key: one for key, one in found.results.items() if isinstance(one, Outcome)}
            write_digest(self._folder, self._spec, path, (outcomes, list(found.landed_s.values())), changed_ns)
        return True

    def _path(self, number: int) -> Path:
        return self._folder.trial_folder(number * TRIALS_PER_FOLDER)
