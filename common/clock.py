"""Wall-clock time for records. Hosts' clocks differ, so nothing is decided by it but the end of a study's time."""

from datetime import UTC, datetime


def now_text() -> str:
    """The current time by this host's clock, in ISO 8601, UTC, to the millisecond: `2026-01-31T12:00:00.000Z`."""
    return _text(datetime.now(UTC))


def text_of(time_s: float) -> str:
    """A time in seconds since 1970 in the form of `now_text`."""
    return _text(datetime.fromtimestamp(time_s, UTC))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
