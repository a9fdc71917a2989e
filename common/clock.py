"""Wall-clock time for records. Nothing is ever decided by it, because hosts' clocks differ."""

from datetime import UTC, datetime


def now_text() -> str:
    """The current time by this host's clock, in ISO 8601, UTC, to the millisecond: `2026-01-31T12:00:00.000Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
