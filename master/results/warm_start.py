"""A warm start: what a new study is to learn from other studies and from tables, as `run --from` names them."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hyperspool.common.clock import now_text
from hyperspool.common.earlier import MAX_EARLIER, EarlierResult, EarlierResults
from hyperspool.common.errors import UsageError
from hyperspool.common.population import PBT
from hyperspool.common.reading import MAX_VALUES
from hyperspool.common.records import Status
from hyperspool.common.space import Fixed, Float, Params, Scalar
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.evaluations import last_of_each
from hyperspool.master.results.reading import read_results
from hyperspool.master.results.wording import counted
from hyperspool.master.search.automatic import choice_for
from hyperspool.master.search.methods import settings_count
from hyperspool.master.studies.published import published_study, read_published
from hyperspool.master.studies.tables import rows_of, typed_for

LEARNERS = ("tpe", "gp")
VALUE = "value"
"""The column of a table that holds the measured values; `export` writes it too."""
PARAMS = "params_"
"""How `export` begins the columns of parameters; a table may leave it out."""

Found = tuple[Mapping[str, Scalar], float]
"""Params in the source's own space, and the value."""


@dataclass(frozen=True)
class WarmStart:
    """What was found for a study to learn from.

    Attributes:
        results: those that fit.
        left_out: the reasons why others do not, with how many each.
    """

    results: EarlierResults
    left_out: Mapping[str, int]

    def sentence(self) -> str:
        """Say what was left out, with the most frequent reason; empty if nothing was."""
        if not self.left_out:
            return ""
        reason = max(self.left_out, key=lambda reason: self.left_out[reason])
        return f"{counted(sum(self.left_out.values()), 'earlier result')} left out: {reason}"


def find_warm_start(spec: StudySpec, root: Path, sources: Sequence[str]) -> WarmStart:
    """Collect what a study is to learn from.

    Args:
        spec: the study.
        root: the shared folder, in which studies are looked up.
        sources: names of studies, and paths of CSV files.

    Raises:
        UsageError: the study's method does not learn from others, a source cannot be read or measures something else,
            or nothing in the sources fits the study's space.
    """
    if reason := _refusal(spec):
        raise UsageError(f"--from: {reason}")
    fitting: list[EarlierResult] = []
    left_out: Counter[str] = Counter()
    for source in sources:
        found = _of_table(spec, Path(source)) if source.endswith(".csv") else _of_study(spec, root, source)
        for given, value in found:
            params = _in_space(spec, given)
            if problems := spec.space.problems(params):
                left_out[problems[0].removeprefix("params.")] += 1
            else:
                fitting.append(EarlierResult(params=params, value=value))
    _need_some(spec, fitting, left_out)
    return WarmStart(EarlierResults(sources=tuple(sources), at=now_text(), results=tuple(fitting)), left_out)


def _refusal(spec: StudySpec) -> str | None:
    if spec.ablation or spec.objectives or spec.constraints:
        what = "an ablation" if spec.ablation else "several objectives" if spec.objectives else "constraints"
        return f"a study with {what} takes no earlier results"
    name = spec.sampler.name
    method = choice_for(spec.space, settings_count(spec)) if name == "auto" else name
    if method not in LEARNERS:
        of_auto = ", which auto chooses for so few trials," if name == "auto" else ""
        return f"the sampler {method}{of_auto} does not learn from earlier results; {' and '.join(LEARNERS)} do"
    if spec.halving and method == "gp":
        return "with halving, gp learns from values of one rung alone; tpe takes earlier results too"
    return None


def _of_study(spec: StudySpec, root: Path, name: str) -> Iterator[Found]:
    folder = published_study(root, name)
    other = read_published(folder)
    if name == spec.name:
        raise UsageError(f"--from {name}: a study learns from its own trials anyway")
    if other.sampler.name == PBT:
        raise UsageError(f"--from {name}: its trials changed their params in mid-training, so no value is of one point")
    for key in ("direction", "value_measure"):
        theirs, ours = getattr(other.objective, key), getattr(spec.objective, key)
        if theirs != ours:
            raise UsageError(f"--from {name}: its values cannot be compared: {key} is {theirs}, here {ours}")
    for result in last_of_each(read_results(folder, other).results.values()):
        is_value = result.status is Status.COMPLETE and other.is_at_full_budget(result) and not result.diverged
        if is_value and result.value is not None and math.isfinite(result.value):
            yield result.params, result.value


def _of_table(spec: StudySpec, path: Path) -> Iterator[Found]:
    parameters = dict(spec.space.items())
    where = f"--from {path}"
    for number, texts in rows_of(path, where).items():
        if texts.get("status", Status.COMPLETE) != Status.COMPLETE:
            continue
        try:
            value = float(texts[VALUE])
        except KeyError:
            raise UsageError(f"{where}, line {number}: expected a column {VALUE} beside the parameters") from None
        except ValueError:
            raise UsageError(f"{where}, line {number}: {VALUE}: found {texts[VALUE]}, expected a number") from None
        given = {name.removeprefix(PARAMS): text for name, text in texts.items()}
        known = {name: typed_for(parameters[name], text) for name, text in given.items() if name in parameters}
        if math.isfinite(value):
            yield known, value


def _in_space(spec: StudySpec, given: Mapping[str, Scalar]) -> Params:
    """Return the active params of a point: what the source does not say is fixed here, or has its default."""
    parameters = dict(spec.space.items())
    found: Params = {}
    for name in spec.space.order():
        parameter = parameters[name]
        if not parameter.is_wanted(found):
            continue
        usual = parameter.value if isinstance(parameter, Fixed) else parameter.default
        value = given.get(name, usual)
        if value is not None:
            found[name] = float(value) if isinstance(parameter, Float) and type(value) is int else value
    return {name: found[name] for name in parameters if name in found}


def _need_some(spec: StudySpec, fitting: Sequence[EarlierResult], left_out: Mapping[str, int]) -> None:
    if not fitting:
        because = f": {next(iter(left_out))}" if left_out else ", because there are none with a value"
        raise UsageError(f"--from: no earlier result fits study {spec.name}{because}")
    size = sum(2 + len(result.params) for result in fitting)
    if len(fitting) > MAX_EARLIER or size > MAX_VALUES:
        raise UsageError(f"--from: {counted(len(fitting), 'result')}, more than a method can learn from; name fewer")
