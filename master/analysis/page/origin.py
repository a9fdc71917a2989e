"""The sentences on how the page was made: when, from what, and by which software the trials were evaluated."""

from collections.abc import Iterable, Iterator

from hyperspool.common.clock import now_text
from hyperspool.common.outcome import Finished
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted


def made_sentences(data: StudyData, standing: Standing) -> Iterator[str]:
    """When the page was written, and where and with what its trials were evaluated."""
    yield f"Written on {now_text()} from the study's files; seed {data.spec.seed}."
    if len(data.trials):
        devices = ", ".join(sorted(set(data.trials["device"])))
        hosts = ", ".join(sorted(set(data.trials["host"])))
        versions = sorted(
            {f"{name} {text}" for result in standing.results.values() for name, text in _versions(result)}
        )
        number = data.spec.objective.threads
        threads = counted(number, "CPU thread") if number else "any number of CPU threads"
        software = ", ".join(versions) or "unknown versions"
        yield f"Evaluated on {devices} of {hosts}, {threads} per trial, with {software}."
    yield "The published study:"


def _versions(result: Finished) -> Iterable[tuple[str, str]]:
    return result.attribution.versions.items()
