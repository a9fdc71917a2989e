"""Checks of digests: each is whole, and says what the results say."""

from collections.abc import Iterator
from pathlib import Path

from hyperspool.common.digest import Digest
from hyperspool.common.file_kinds import DIGEST
from hyperspool.common.outcome import Outcome
from hyperspool.common.sharing import SharedParts
from hyperspool.master.fsck.breach import Breach, Remedy
from hyperspool.master.fsck.look import Look
from hyperspool.master.results.digests import changed_ns_of, problem_of

_EDITED = "it says otherwise than the results of its trials, of which somebody has changed one in place: trial {}"


def check_digests(look: Look) -> Iterator[Breach]:
    """Every digest is readable, and one that readers would trust says what the results say.

    One whose folder has changed since is no breach: readers pass over it, and the master writes another.
    """
    for name in look.names(look.folder.place(DIGEST.place)):
        path = look.folder.place(DIGEST.place) / name
        folder = DIGEST.parse(name)
        if not isinstance(folder, str) or (digest := look.read(path, Digest, Remedy.SET_ASIDE)) is None:
            continue
        if problem := problem_of(digest, folder, look.spec) or _misfit(digest):
            yield Breach(path, f"it is not a digest of that folder: {problem}", Remedy.SET_ASIDE)
        elif digest.modified_ns == changed_ns_of(look.folder.trials / folder):
            yield from _differences(look, digest, path)


def _misfit(digest: Digest) -> str | None:
    try:
        digest.outcomes(SharedParts())
    except ValueError as error:
        return str(error)
    return None


def _differences(look: Look, digest: Digest, path: Path) -> Iterator[Breach]:
    for outcome in digest.outcomes(SharedParts()):
        result = look.results.get(outcome.evaluation)
        if result is not None and Outcome.of(result) != outcome:
            yield Breach(path, _EDITED.format(outcome.evaluation.name), Remedy.SET_ASIDE)
            return
