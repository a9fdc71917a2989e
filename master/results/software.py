"""By which software a study's trials are evaluated, on which hosts, and where that differs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.outcome import Finished
from hyperspool.master.results.wording import counted, first_line

CODE = "code"
"""The name under which the digest of the objective's code stands beside Python and the libraries."""
DIGEST_SHOWN = 8
MOST_SHOWN = 4
"""How many versions, and how many hosts of a version, a sentence names."""


@dataclass(frozen=True)
class Version:
    """A version of Python, of a library or of the objective's code, with which trials of a study are evaluated.

    Attributes:
        text: the version, or the code's digest.
        hosts: where it runs, sorted.
        results: how many results come from it; 0 if a trial only runs so far.
    """

    text: str
    hosts: tuple[str, ...]
    results: int


Software = Mapping[str, Sequence[Version]]
"""The versions by the name of the software."""


def software_of(results: Iterable[Finished], running: Iterable[WorkerRecord] = ()) -> Software:
    """The software of results and of running trials, in the order in which it was first seen."""
    seen: Counter[tuple[str, str | None, tuple[tuple[str, str], ...]]] = Counter()
    # Results share their attributions, so there are few, in the order in which they were first seen.
    shared = [result.attribution for result in results]
    each = {id(who): who for who in shared}
    for place, count in Counter(map(id, shared)).items():
        who = each[place]
        seen[who.host, who.code, tuple(who.versions.items())] += count
    for worker in running:
        seen[worker.host, worker.code, tuple((worker.versions or {}).items())] += 0
    counts: dict[str, dict[str, Counter[str]]] = {}
    for (host, code, versions), count in seen.items():
        for name, text in (*versions, *([(CODE, code)] if code else [])):
            counts.setdefault(name, {}).setdefault(text, Counter())[host] += count
    return {
        name: [Version(text, tuple(sorted(hosts)), hosts.total()) for text, hosts in texts.items()]
        for name, texts in counts.items()
    }


def difference_sentences(software: Software) -> Iterator[str]:
    """A sentence for each software of which there are several versions, because its results may not be comparable."""
    for name, versions in software.items():
        if len(versions) > 1:
            what = "the objective's code" if name == CODE else first_line(name)
            hosts = [host for version in versions for host in version.hosts]
            how = "differs between hosts" if len(hosts) == len({*hosts}) else "was changed between its results"
            shown = ", ".join(_version_text(version, is_digest=name == CODE) for version in versions[:MOST_SHOWN])
            yield f"{what} {how}, which may not be comparable: {shown}{_more(len(versions))}"


def software_json(software: Software) -> dict[str, Any]:
    """The software as `status --json` prints it."""
    return {
        name: {version.text: {"hosts": list(version.hosts), "results": version.results} for version in versions}
        for name, versions in software.items()
    }


def _version_text(version: Version, *, is_digest: bool) -> str:
    text = version.text[:DIGEST_SHOWN] if is_digest else first_line(version.text)
    hosts = ", ".join(map(first_line, version.hosts[:MOST_SHOWN]))
    return f"{text} on {hosts}{_more(len(version.hosts))} ({counted(version.results, 'result')})"


def _more(count: int) -> str:
    return f" and {count - MOST_SHOWN} more" if count > MOST_SHOWN else ""
