"""What a study asks of each of its trials, computed again from the study alone."""

from common.clock import now_text
from common.records import Job
from common.space import Params
from common.study_spec import StudySpec
from master.search.methods import make_sampler
from master.search.seeds import seeds_for


class Proposals:
    """The job of each trial, as the study's master would publish it.

    Random and grid search do not look at results, so a trial's params follow from the study alone.

    Args:
        spec: the study.
    """

    def __init__(self, spec: StudySpec) -> None:
        self._spec = spec
        self._sampler = make_sampler(spec)
        self._params: list[Params] = []

    def job(self, trial: int, issue: int = 1) -> Job:
        """What is asked for; `trial` is one of the study's."""
        while len(self._params) <= trial:
            missing = min(self._spec.batch, self._spec.trials - len(self._params))
            self._params += self._sampler.suggest(missing)
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
