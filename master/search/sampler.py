"""The contract of every search method."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from hyperspool.common.earlier import EarlierResult
from hyperspool.master.search.known import Known, Proposal


class Sampler(Protocol):
    """A search method: a pure function of what is known. It uses no files, no clock and no state.

    A method may cache, but the cache changes no proposal: given the same `known` it returns the same proposals, in
    whatever order results arrived and however the calls were split. Its randomness is keyed by (study seed, purpose,
    trial).
    """

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Return the next proposals, at most `count`, in the order of their trials.

        There are fewer if the next proposal depends on the results of these. The list is empty if the next proposal
        depends on pending evaluations, and at the end of the search. While nothing is pending and the search has not
        ended, the list holds at least one proposal.

        Args:
            count: above 0.
            known: everything that is known; it is not changed.
        """


@runtime_checkable
class Learner(Sampler, Protocol):
    """A search method that can learn from results of other studies."""

    def having_seen(self, earlier: Sequence[EarlierResult]) -> Sampler:
        """Return this method as it is when it knows the earlier results too, for the whole of a study."""
