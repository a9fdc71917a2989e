"""Counter-based random numbers: each is a function of (seed, purpose, trial), not of the numbers drawn before.

So trial i's params depend neither on the batch, nor on restarts of the master, nor on the order of the parameters in
the study's file.
"""

import hashlib
from collections.abc import Collection
from dataclasses import fields
from functools import lru_cache

from hyperspool.common.objectives import varying_seeds
from hyperspool.common.records import Seeds
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec

TOGETHER = 64
"""Trials whose numbers are drawn at once: making a generator takes as long as drawing some hundred numbers."""
SOURCES = tuple(source.name for source in fields(Seeds))
"""The sources of a trial's randomness."""


def unit_number(seed: int, purpose: str, trial: int) -> float:
    """Return a number in [0, 1), uniform over trials; independent for different purposes and seeds."""
    return (word(seed, purpose, trial) >> 11) * 2.0**-53


def trial_seeds(seed: int, trial: int, own: Collection[str] = SOURCES) -> Seeds:
    """Return the seeds of a trial's randomness, all derived from the study's seed.

    Args:
        seed: the study's seed.
        trial: the trial's number; no two trials share a seed named in `own`.
        own: the sources that vary from trial to trial. The other seeds are the same in all trials of the study.
    """
    drawn = {
        name: word(seed, f"seed of {name}", trial) if name in own else word(seed, f"common seed of {name}", 0)
        for name in SOURCES
    }
    return Seeds(**{name: word >> 32 for name, word in drawn.items()})


def seeds_for(spec: StudySpec, trial: int, params: Params) -> Seeds:
    """Return the seeds for a job: each the trial's own, except those that the parameter `varies` keeps the same."""
    return trial_seeds(spec.seed, trial, varying_seeds(spec.objective.name, params))


def word(seed: int, purpose: str, trial: int) -> int:
    """Return 64 random bits; independent for different purposes, seeds and trials."""
    return _words(seed, purpose, trial // TOGETHER)[trial % TOGETHER]


@lru_cache(maxsize=256)
def _words(seed: int, purpose: str, block: int) -> list[int]:
    """Return the random bits of `TOGETHER` consecutive trials."""
    import numpy as np  # when it is needed: most commands propose nothing

    # Philox 4x64-10: a bijection of a counter under a key (Salmon et al. 2011, doi:10.1145/2063384.2063405), whose
    # outputs are four words each. numpy guarantees the bit stream of its bit generators, but not of the distributions
    # built on them.
    digest = hashlib.blake2b(purpose.encode(), digest_size=8).digest()
    key = np.array([seed, int.from_bytes(digest, "little")], dtype=np.uint64)
    generator = np.random.Philox(key=key, counter=np.array([block * TOGETHER, 0, 0, 0], dtype=np.uint64))
    found: list[int] = generator.random_raw(4 * TOGETHER)[::4].tolist()
    return found
