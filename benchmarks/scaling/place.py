"""Where a simulated study runs, and what comes out of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a study runs.

    Attributes:
        name: for people.
        cores: of the one machine; None: a cluster, in which each process has its own.
        requests_per_s: what the file server answers; None: a local disk.
        round_trip_s: of a request, with nothing to wait for.
        found_s: after how long the workers find the study, all at once; on a cluster each does at its next look.
    """

    name: str
    cores: int | None = None
    requests_per_s: float | None = None
    round_trip_s: float = 0.0
    found_s: float = 0.0


@dataclass
class Outcome:
    """What a simulated study took.

    Attributes:
        seconds: from the first claim to the last result.
        used: the share of the workers' time in which they evaluated: of an asynchronous study until its last claim.
        master: the share of the time in which the master worked or waited for the file server.
        server: the share of the time in which the file server was busy.
    """

    seconds: float
    used: float
    master: float
    server: float
