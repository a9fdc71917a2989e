"""The outcome of a finished study: what must not depend on which workers evaluated it, when, or on their crashes."""

import json
from pathlib import Path
from typing import Any

from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from hyperspool.master.journal.check import checked
from hyperspool.master.journal.file import read_journal
from hyperspool.master.results.reading import read_results
from hyperspool.master.studies.published import read_published
from tests.processes import leftovers

OF_THE_ATTEMPT = ("attribution", "attempt", "issue", "resumed_from_epoch")
OF_THE_CLOCK = ("published_at", "claimed_at", "ended_at", "evaluation_s")

Outcome = dict[str, Any]


def outcome_of(folder: StudyFolder, *, is_timed: bool) -> Outcome:
    """Return the content of every file of the study's trials, by its relative path, without attempts and times.

    Args:
        folder: the study's folder.
        is_timed: whether an epoch's seconds are measured and so differ between runs; if not, they are compared too.
    """
    files = sorted(path for path in folder.trials.rglob("*") if path.is_file())
    return {str(path.relative_to(folder.trials)): _comparable(path, is_timed=is_timed) for path in files}


def differences(found: Outcome, expected: Outcome) -> list[str]:
    """Return the differences between two outcomes, one line per file."""
    lines = [f"{name}: missing" for name in expected.keys() - found.keys()]
    lines += [f"{name}: not in the undisturbed run" for name in found.keys() - expected.keys()]
    both = found.keys() & expected.keys()
    lines += [
        f"{name}: found {found[name]}, expected {expected[name]}" for name in both if found[name] != expected[name]
    ]
    return sorted(lines)


def strays(root: Path, study: str) -> list[str]:
    """Return the files of a shared folder, relative to it, that must be gone once its only study is finished."""
    hidden = [path for name in ("jobs", "results") for path in (root / name).rglob(".*") if path.is_file()]
    return sorted({*leftovers(StudyFolder(root, study)), *(str(path.relative_to(root)) for path in hidden)})


def broken_journal(folder: StudyFolder) -> str | None:
    """Return what is wrong with a finished study's journal: it must be whole and record every result's proposal."""
    spec = read_published(folder)
    found = checked(read_journal(folder, spec), spec)
    if found.damage or found.is_cut_short:
        return f"the journal is damaged: {found.damage or 'cut short'}"
    results = {key: read_record(folder.result(*key), Result) for key in read_results(folder, spec).results}
    wrong = [
        key
        for key, result in results.items()
        if key not in found.journal.entries or found.journal.entries[key].job(spec.name).mismatches(result)
    ]
    return f"the journal does not agree with the results {wrong}" if wrong else None


def _comparable(path: Path, *, is_timed: bool) -> object:
    text = path.read_text()
    if path.suffix == ".csv":
        lines = [line.split(",") for line in text.splitlines()]
        return [[cell for column, cell in enumerate(line) if not is_timed or column != 1] for line in lines]
    result = json.loads(text)
    for key in OF_THE_ATTEMPT:
        result.pop(key, None)
    for key in (*OF_THE_CLOCK, *(("training_s",) if is_timed else ())):
        result["times"].pop(key)
    return result
