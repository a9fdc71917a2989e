"""What a study asks of each of its trials, computed again: from the study and, if its method learns, its results."""

from collections.abc import Mapping

from hyperspool.common.clock import now_text
from hyperspool.common.records import Job, Result
from hyperspool.common.space import Params, same_params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.methods import learns, make_sampler
from hyperspool.master.search.sampler import observed
from hyperspool.master.search.seeds import seeds_for


class Proposals:
    """The job of each trial, as the study's master would publish it.

    Random and grid search do not look at results, so a trial's params follow from the study alone. Other methods are
    replayed batch by batch, as far as the results of every trial before are there and are those of their trials.

    Args:
        spec: the study.
        results: by trial, as many as there are.
    """

    def __init__(self, spec: StudySpec, results: Mapping[int, Result]) -> None:
        self._spec, self._results = spec, results
        self._sampler = make_sampler(spec)
        self._params: list[Params] = []
        self._batch = range(0)

    def job(self, trial: int, issue: int = 1) -> Job | None:
        """What is asked for; None if that cannot be told from the results. `trial` is one of the study's."""
        while len(self._params) <= trial:
            if learns(self._spec) and not self._take_in():
                return None
            first = len(self._params)
            self._params += self._sampler.suggest(min(self._spec.batch, self._spec.all_trials - first))
            self._batch = range(first, len(self._params))
        params = self._params[trial]
        return Job(
            study=self._spec.name,
            trial=trial,
            issue=issue,
            params=params,
            budget=self._spec.budget,
            seeds=seeds_for(self._spec, trial, params),
            published_at=now_text(),
        )

    def _take_in(self) -> bool:
        found = [self._results.get(trial) for trial in self._batch]
        results = [result for result in found if result is not None]
        asked = self._params[self._batch.start : self._batch.stop]
        if len(results) < len(found) or not all(
            same_params(result.params, params) for result, params in zip(results, asked, strict=True)
        ):
            return False
        self._sampler.update([observed(self._spec, result) for result in results])
        return True
