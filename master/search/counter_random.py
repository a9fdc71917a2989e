"""Random numbers by name instead of by order: each is a function of (seed, what for, which trial).

So trial i's params depend neither on the batch, nor on how often the master was restarted, nor on how many parameters
stand before a parameter in the file.
"""

import hashlib
from collections.abc import Collection

import numpy as np

from hyperspool.common.records import Seeds


def unit_number(seed: int, purpose: str, trial: int) -> float:
    """A number in [0, 1), uniform over trials; independent for different purposes and seeds."""
    return (_word(seed, purpose, trial) >> 11) * 2.0**-53


def trial_seeds(seed: int, trial: int, own: Collection[str] = tuple(Seeds.model_fields)) -> Seeds:
    """The seeds of a trial's randomness, all derived from the study's seed.

    Args:
        seed: the study's.
        trial: its number; no two trials share a seed named in `own`.
        own: the sources that vary from trial to trial. The seeds of the others are the same for all of the study's.
    """
    drawn = {
        name: _word(seed, f"seed of {name}", trial) if name in own else _word(seed, f"common seed of {name}", 0)
        for name in Seeds.model_fields
    }
    return Seeds.model_validate({name: word >> 32 for name, word in drawn.items()})


def _word(seed: int, purpose: str, trial: int) -> int:
    # Philox 4x64-10: a bijection of a counter under a key (Salmon et al. 2011, doi:10.1145/2063384.2063405). numpy
    # guarantees the bit stream of its bit generators, which it does not for the distributions built on them.
    digest = hashlib.blake2b(purpose.encode(), digest_size=8).digest()
    key = np.array([seed, int.from_bytes(digest, "little")], dtype=np.uint64)
    generator = np.random.Philox(key=key, counter=np.array([trial, 0, 0, 0], dtype=np.uint64))
    return int(generator.random_raw())
