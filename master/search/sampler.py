"""The contract of every search method."""

from typing import Protocol

from hyperspool.master.search.known import Known, Proposal


class Sampler(Protocol):
    """A search method: a pure function of what is known. No files, no clock, no memory that matters.

    A method may keep a cache, never a truth: given the same `known` it returns the same proposals, in whatever order
    results arrived and however the calls were split. Its randomness is keyed by (study seed, purpose, trial).
    """

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """The next proposals, at most `count`, in the order of their trials.

        Fewer where the next one depends on the results of these. None where it depends on pending evaluations, or at
        the end of the search. Once every evaluation is finished there is at least one more until the end.

        Args:
            count: above 0.
            known: all that is known; not changed.
        """
