"""Plays searches on functions: who proposes, how many workers evaluate, and when results arrive.

No time passes. Of an asynchronous search, each evaluation takes as long as its seed says, so that results arrive out of
order; a free worker takes the oldest open one.
"""

import heapq
import json
import math
import random
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.functions import Function, study_of
from hyperspool.common.records import Status
from hyperspool.common.space import Params
from hyperspool.master.run.loop import AHEAD
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_sampler


class Searcher(Protocol):
    """Who proposes what is evaluated.

    Attributes:
        ahead: how many evaluations more than workers an asynchronous search keeps open.
    """

    ahead: int

    def ask(self, count: int) -> Sequence[tuple[Hashable, Params]]:
        """Propose at most `count` evaluations: a name for each, and its params."""

    def tell(self, name: Hashable, height: float) -> None:
        """Take in the result of an evaluation."""


MakeSearcher = Callable[[Function, int, int], Searcher]
"""Makes a searcher from the function, the seed and the number of trials."""


@dataclass(frozen=True)
class Way:
    """How evaluations are given out.

    Attributes:
        workers: how many there are; a batch has as many trials.
        is_asynchronous: whether a free worker gets the next evaluation at once, and not after the batch.
    """

    workers: int
    is_asynchronous: bool = False

    def __str__(self) -> str:
        if self.workers == 1:
            return "one at a time"
        return f"{self.workers} workers" if self.is_asynchronous else f"batches of {self.workers}"


class Ours:
    """A search method of this project."""

    ahead = AHEAD

    def __init__(self, method: str, function: Function, seed: int, trials: int) -> None:
        self._sampler, self._known = make_sampler(study_of(function, method, seed, trials)), Known()
        self._open: dict[Hashable, Proposal] = {}

    def ask(self, count: int) -> Sequence[tuple[Hashable, Params]]:
        """Propose."""
        proposals = self._sampler.suggest(count, self._known)
        for proposal in proposals:
            self._known.propose(proposal)
            self._open[proposal.trial] = proposal
        return [(proposal.trial, proposal.params) for proposal in proposals]

    def tell(self, name: Hashable, height: float) -> None:
        """Take in a result."""
        self._known.finish(Evaluation(self._open.pop(name), Status.COMPLETE, height))


def play(searcher: Searcher, function: Function, way: Way, seed: int, trials: int, goal: float) -> list[float]:
    """Play a search to its last trial, or until one is at least as low as the goal.

    Returns:
        The heights, in the order in which the results arrived.
    """
    is_waiting_for_all = way.workers == 1 or not way.is_asynchronous
    ahead = 0 if is_waiting_for_all else searcher.ahead
    lasts = random.Random(seed)
    heights: list[float] = []
    waiting: deque[tuple[Hashable, float]] = deque()
    running: list[tuple[float, int, Hashable, float]] = []
    asked, now_s = 0, 0.0
    while len(heights) < trials:
        is_lacking = not (waiting or running) if is_waiting_for_all else True
        lacking = min(way.workers + ahead - len(waiting) - len(running), trials - asked) if is_lacking else 0
        proposals = searcher.ask(lacking) if lacking > 0 else []
        found = function.heights([params for _, params in proposals]) if proposals else []
        waiting += [(name, height) for (name, _), height in zip(proposals, found, strict=True)]
        asked += len(proposals)
        while waiting and len(running) < way.workers:
            name, height = waiting.popleft()
            heapq.heappush(running, (now_s + lasts.lognormvariate(0.0, 0.5), asked + len(running), name, height))
        now_s, _, name, height = heapq.heappop(running)
        searcher.tell(name, height)
        heights.append(height)
        if height <= goal:
            break
    return heights


def kept(path: Path | None, seeds: int, one: Callable[[int], list[float]]) -> list[list[float]]:
    """The heights of each seed: those that the file holds, else played, and added to it one by one."""
    found: dict[int, list[float]] = {}
    if path is not None and path.exists():
        found = {int(line["seed"]): line["heights"] for line in map(json.loads, path.read_text().splitlines())}
    for seed in range(seeds):
        if seed in found:
            continue
        found[seed] = one(seed)
        if path is not None:
            with path.open("a") as file:
                file.write(json.dumps({"seed": seed, "heights": found[seed]}) + "\n")
    return [found[seed] for seed in range(seeds)]


def needed(heights: Sequence[float], goal: float) -> float:
    """After how many evaluations a goal is reached; infinity if it is not."""
    return next((count for count, height in enumerate(heights, 1) if height <= goal), math.inf)
