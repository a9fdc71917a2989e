"""How many trials a worker runs at once on its device: what `--slots` may say."""

from hyperspool.common.errors import UsageError

AUTO = "auto"
MOST_SLOTS = 1000
"""Far above what any device has room for."""


def slot_count(wish: str) -> int | None:
    """Return the number of slots that `--slots` asks for; None for `auto`.

    Raises:
        UsageError: it is neither.
    """
    if wish == AUTO:
        return None
    if not (wish.isascii() and wish.isdecimal() and 0 < int(wish) <= MOST_SLOTS):
        raise UsageError(f"--slots {wish}: expected auto, or a number from 1 to {MOST_SLOTS}")
    return int(wish)
