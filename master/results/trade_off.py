"""What several objectives and constraints add to what `status` and `top` print."""

from collections.abc import Iterable, Mapping
from typing import Any

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.measures import values_of
from hyperspool.common.outcome import Finished
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.front import Front
from hyperspool.master.search.known import Evaluation


def broken_counts(spec: StudySpec, evaluations: Iterable[Evaluation]) -> dict[str, int]:
    """Return how many COMPLETE evaluations break each constraint of a study."""
    violations = [seen.violations for seen in evaluations if seen.number is not None]
    constraints = enumerate(spec.constraints or ())
    return {str(each): sum(own[place] > 0 for own in violations) for place, each in constraints}


def entry_json(spec: StudySpec, result: Finished) -> dict[str, Any]:
    """Return a COMPLETE trial as `--json` prints it; with several objectives, `values` has each of them."""
    entry: dict[str, Any] = {"trial": result.trial, "value": result.value, "params": result.params}
    measures = [goal.measure for goal in spec.objectives or ()]
    return entry | ({"values": dict(zip(measures, values_of(spec, result), strict=True))} if measures else {})


def marked(entries: Iterable[dict[str, Any]], front: Front | None) -> list[dict[str, Any]]:
    """Return trials as `--json` prints them, with `on_front` if the study has a front."""
    leading = {seen.trial for seen in front.evaluations} if front else set[int]()
    return [entry | ({"on_front": entry["trial"] in leading} if front else {}) for entry in entries]


def front_json(spec: StudySpec, front: Front, results: Mapping[EvaluationKey, Finished]) -> dict[str, Any]:
    """Return the front, its hypervolume and the reference point as `status --json` prints them."""
    return {
        "front": [entry_json(spec, results[seen.proposal.key]) for seen in front.evaluations],
        "hypervolume": front.hypervolume,
        "reference": front.reference_values(spec),
    }
