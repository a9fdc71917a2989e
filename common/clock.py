"""Wall-clock time as records carry it. Nothing is ever decided by it: hosts' clocks differ."""

from datetime import UTC, datetime


def now_text() -> str:
    """The time by this host's clock, ISO 8601 in UTC to the millisecond: `2026-01-31T12:00:00.000Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
