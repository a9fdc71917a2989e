"""More epochs for earlier trials come before new trials, and values of fewer epochs are not learned from."""

from hyperspool.common.records import Stage, Status
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.lengthened import Lengthened


class Listening:
    """A method that keeps what is known, and suggests nothing."""

    seen: Known

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Keep what is known."""
        assert count
        self.seen = known
        return []


def known_after(*statuses: Status) -> Known:
    """Trials that had 2 epochs, with these ends."""
    proposals = [Proposal(trial, {"x": trial}, Stage(setting=trial), 0, 2) for trial in range(len(statuses))]
    ended = zip(proposals, statuses, strict=True)
    return Known(Evaluation(one, status, None if status is Status.FAILED else 1.0) for one, status in ended)


def test_complete_trials_go_on_before_new_ones_begin() -> None:
    inner, known = Listening(), known_after(Status.COMPLETE, Status.FAILED, Status.PRUNED, Status.COMPLETE)
    search = Lengthened(inner, 5)
    first = search.suggest(1, known)
    assert [(each.trial, each.rung, each.budget_epochs, each.continues) for each in first] == [(0, 1, 5, 0)]
    assert [each.trial for each in search.suggest(4, known)] == [0, 3]
    assert sorted(inner.seen.pending) == [(0, 0), (3, 0)]
    assert sorted(inner.seen.evaluations) == [(1, 0), (2, 0)]


def test_method_learns_from_the_longer_value_alone() -> None:
    inner, known = Listening(), known_after(Status.COMPLETE)
    search = Lengthened(inner, 5)
    (longer,) = search.suggest(2, known)
    known.propose(longer)
    assert search.suggest(2, known) == []
    assert (list(inner.seen.pending), list(inner.seen.evaluations)) == ([(0, 0)], [])
    known.finish(Evaluation(longer, Status.COMPLETE, 0.5))
    assert search.suggest(2, known) == []
    assert inner.seen.evaluations[0, 0].value == 0.5
    assert Lengthened(inner, 2).suggest(2, known_after(Status.COMPLETE)) == []
