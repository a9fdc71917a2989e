"""The numbers at the top of the page."""

from collections.abc import Iterator

from hyperspool.common.population import PBT
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.timeline import busy_s, timeline, workers_text
from hyperspool.master.analysis.page.render import Fact
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted, duration_text, measured_text


def facts(data: StudyData, standing: Standing) -> Iterator[Fact]:
    """What the top of the page says of a study."""
    spec, trials = data.spec, data.trials
    yield Fact(f"{len(trials) + data.left_out} of {standing.total}", "trials finished")
    best = standing.incumbent
    basis = f", {best.basis}" if best and best.basis else ""
    yield Fact(measured_text(best.best_known if best else None), f"best {spec.objective.measure_name}{basis}")
    if front := standing.front:
        yield Fact(str(len(front.evaluations)), "trials on the front")
        yield Fact(f"{front.hypervolume:.4g}", "hypervolume of the front")
    yield Fact(f"{spec.objective.name}{f' on {spec.data.name}' if spec.data else ''}", "objective")
    if spec.budget:
        whole = "of each lineage" if spec.sampler.name == PBT else "per trial"
        yield Fact(counted(spec.epochs, "epoch"), "per trial that is never stopped" if spec.halving else whole)
    if rungs := standing.by_rung():
        yield Fact(*rungs.cost)
    yield from _times_of_many(standing) if data.left_out else _times(data)


def _times_of_many(standing: Standing) -> Iterator[Fact]:
    results = standing.results.values()
    yield Fact(duration_text(sum(one.times.evaluation_s for one in results)), "of evaluation, summed over trials")
    if training_s := sum(one.times.training_s for one in results):
        yield Fact(duration_text(training_s), "of training in epochs, as part of that")


def _times(data: StudyData) -> Iterator[Fact]:
    """The times of the timeline, so that a tile and a caption do not count the same thing in two ways."""
    bars = timeline(data)
    if len(bars):
        yield Fact(duration_text(busy_s(bars)), "of evaluation, from claim to end, summed over trials")
    training_s = float(data.results["training_s"].sum())
    if training_s:
        yield Fact(duration_text(training_s), "of training in epochs, as part of that")
    if len(bars):
        passed_s = float(bars["end_s"].max())
        yield Fact(duration_text(passed_s), f"from the first claim to the last result, on {workers_text(bars)}")
