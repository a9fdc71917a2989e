"""Digests of trial folders: when they are trusted, and how they are written.

A digest is trusted if its trial folder lists exactly the results that it has, and has not changed since: its time of
change is the one in the digest, to the nanosecond. A result comes, goes, or is replaced by a change of a name, which
changes that time. Whatever else is wrong, the results are read instead, and nothing is lost but time.

The limit: a result that somebody edits in place, which no program of this project does, changes no name. Its digest
goes on saying what the result said before; `fsck` finds it, because it reads the results.

RACE: file systems date changes in steps: of nanoseconds, of a clock tick, of two seconds. A name that changes within
the step in which the digest was made would leave the time as it is. So a digest is made only of a folder that has not
changed for `SETTLED_S` before it is listed: any later change has a later time. All of these times are by the file
server's clock. A client that remembers an old time of the folder sees results some seconds late, as it does by listing.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.bulk import read_files
from hyperspool.common.confinement import listing_of
from hyperspool.common.digest import Digest, digest_text
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import DIGEST, RESULT, Place
from hyperspool.common.issues import EvaluationKey, EvaluationName
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.outcome import Outcome
from hyperspool.common.reading import MAX_RECORD_BYTES, MAX_VALUES, record_of
from hyperspool.common.sharing import SharedParts
from hyperspool.common.space import Float, Int, Parameter, Space
from hyperspool.common.study_spec import StudySpec

SETTLED_S = 5.0
"""How long a folder must not have changed. Old file systems date changes in steps of two seconds."""
_NANO = 1e-9

Found = tuple[dict[EvaluationKey, Outcome], list[float]]
"""The results of a trial folder, in the order of trial and rung, and when each landed."""


class Digests:
    """The digests of a study, for a reader.

    Args:
        folder: of the study.
        spec: the study.
        shared: what the results share.
    """

    def __init__(self, folder: StudyFolder, spec: StudySpec, shared: SharedParts) -> None:
        self._folder, self._spec, self._shared = folder, spec, shared
        self._names = frozenset(_names_in(folder))

    def trusted(self, path: Path) -> Found | None:
        """What the digest of a trial folder says; None if there is none that can be trusted."""
        name = DIGEST.file_name(path.name)
        if name not in self._names:
            return None
        try:
            (read,) = read_files(self._folder.place(Place.DIGESTS), [name])
            digest = record_of(read.content or b"", path, Digest)
            names, changed_ns = listing_of(path)
            keys = digest.keys()
            is_current = (
                digest.modified_ns == changed_ns
                and read.modified_s >= changed_ns * _NANO + SETTLED_S
                and {file for file in names if _is_result(file)} == _files_of(keys)
            )
            if not is_current or problem_of(digest, path.name, self._spec):
                return None
            return dict(zip(keys, digest.outcomes(self._shared), strict=True)), digest.landed_s
        except (OSError, ProtocolError, ValueError):
            return None


def changed_ns_of(path: Path) -> int | None:
    """When names in a trial folder last changed, as its digest would say it; None if the folder cannot be listed."""
    with suppress(OSError):
        return listing_of(path)[1]
    return None


def problem_of(digest: Digest, name: str, spec: StudySpec) -> str | None:
    """What is wrong with a digest, by itself; None if it may be of that trial folder of the study."""
    keys = digest.keys()
    if (digest.study, digest.folder) != (spec.name, name):
        return f"it is of study {digest.study}, trials {digest.folder}"
    if not keys or keys != sorted(set(keys)) or len(digest.landed_s) != len(keys) or keys[-1][0] >= spec.all_trials:
        return "its evaluations are not those of a trial folder, each once and in order"
    if not all(map(math.isfinite, digest.landed_s)):
        return "landed_s: expected finite numbers"
    if not _are_in_space(digest, spec.space):
        return "params: some do not lie in the study's space"
    return None


def write_digest(folder: StudyFolder, spec: StudySpec, path: Path, found: Found, at: int) -> bool:
    """Write the digest of a trial folder; return False if what was found does not fit into one.

    Nothing is flushed: what a power cut leaves of it is not JSON, and is not trusted.

    Args:
        folder: of the study.
        spec: the study.
        path: the trial folder.
        found: what is in it.
        at: when the folder last changed, in nanoseconds, before and after the results were read.

    Raises:
        OSError: the folder of digests refuses the file.
    """
    results, landed_s = found
    outcomes = list(results.values())
    if not outcomes:
        return False
    text = digest_text(spec.name, path.name, at, outcomes, landed_s)
    if len(text) > MAX_RECORD_BYTES or text.count(b",") > MAX_VALUES:
        return False
    with suppress(ProtocolError, ValueError):
        digest = record_of(text, path, Digest)
        # A digest that did not say the same, to the type and the order of each parameter, would change what is shown.
        if problem_of(digest, path.name, spec) is None and _says(digest, results, landed_s):
            atomic.make_folder(folder.place(Place.DIGESTS))
            atomic.replace(folder.path(DIGEST, path.name), text, durable=False)
            return True
    return False


def _says(digest: Digest, results: Mapping[EvaluationKey, Outcome], landed_s: list[float]) -> bool:
    said = digest.outcomes(SharedParts())
    return (
        said == list(results.values())
        and digest.keys() == list(results)
        and digest.landed_s == landed_s
        and all(_params(mine) == _params(own) for mine, own in zip(said, results.values(), strict=True))
    )


def _params(outcome: Outcome) -> list[tuple[str, type]]:
    return [(name, type(value)) for name, value in outcome.params.items()]


def _names_in(folder: StudyFolder) -> list[str]:
    with suppress(OSError):  # a reader that may not look there reads the results
        return names_of(folder.place(Place.DIGESTS))
    return []


def _is_result(name: str) -> bool:
    return name.endswith(RESULT.suffix) and not name.startswith(".")


def _files_of(keys: list[EvaluationKey]) -> set[str]:
    # By hand where it is simple, because this is asked for each result of a study.
    return {RESULT.file_name(EvaluationName(*key)) if key[1] else f"{key[0]:05}{RESULT.suffix}" for key in keys}


def _are_in_space(digest: Digest, space: Space) -> bool:
    parameters = dict(space.items())
    plain = digest.params.keys() == parameters.keys() and not any(each.when for each in parameters.values())
    if plain and all(_is_within(digest.params[name], parameter) for name, parameter in parameters.items()):
        return True
    rows = digest.outcomes(SharedParts())
    return not any(space.problems(row.params) for row in rows)


def _is_within(column: object, parameter: Parameter) -> bool:
    """Whether a column certainly holds values of a parameter; False if they are to be looked at one by one."""
    values = column if isinstance(column, list) else [column]
    kind = float if isinstance(parameter, Float) else int
    if not isinstance(parameter, Float | Int) or parameter.step is not None or set(map(type, values)) != {kind}:
        return False
    return math.isfinite(sum(values)) and parameter.low <= min(values) and max(values) <= parameter.high
