"""What each operation of a study costs on this machine, and the file that keeps it."""

import os
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.batch_order import result_of
from benchmarks.fleet import Fleet
from benchmarks.results import revision
from benchmarks.scaling.requests import Requests
from benchmarks.scaling.worker_costs import alone, crowding_of, joining_s, waking
from hyperspool.common import atomic
from hyperspool.common.claim import Claim, Claimant, Claims
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.records import Budget, Job, Seeds
from hyperspool.common.report import report
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.workers import read_workers
from hyperspool.master.run.dispatch import Dispatcher
from hyperspool.master.run.jobs_listing import JobsListing
from hyperspool.master.run.silence import Silence
from hyperspool.worker.job_order import MOST_TRIES, turns
from hyperspool.worker.queue import JobQueue

COSTS = Path(__file__).with_name("costs.json")
NAMES_PER_REQUEST = 500.0
"""Names in an answer of READDIR: an entry with its attributes takes some 200 bytes, an answer up to 128 KiB."""


@dataclass(frozen=True)
class Costs(Requests):
    """CPU seconds, flushes in seconds, shares of a core, and requests of a file server.

    Attributes:
        machine: that was measured.
        measured: when, and at which commit.
        publish_s: of the master, for a job.
        collect_s: of the master, for a result, without the search method.
        look_s: of the master, for its look around each second.
        heartbeat_s: of the master, for each worker whose heartbeat it reads.
        master_name_s: of the master, for each name among the jobs in that look.
        worker_name_s: of a worker, for each name among the jobs when it looks for one.
        join_s: of a worker, for a study that is new to it.
        wake_s: of a worker without a job, for a look that an event causes.
        event_s: of a worker without a job, for each job that is published.
        failed_try_s: of a worker, for a try to claim what another one holds.
        trial_s: of a worker, for a trial that costs nothing.
        busy_share: of a core, by a worker whose objective sleeps.
        crowding: by which share all CPU seconds grow with each further worker for each core: processes that take turns
            find the caches cold.
        flush_s: until a small file is on disk.
        names_per_request: in the answer to one request for a listing.
    """

    machine: str
    measured: str
    publish_s: float
    collect_s: float
    look_s: float
    heartbeat_s: float
    master_name_s: float
    worker_name_s: float
    join_s: float
    wake_s: float
    event_s: float
    failed_try_s: float
    trial_s: float
    busy_share: float
    crowding: float
    flush_s: float
    names_per_request: float = NAMES_PER_REQUEST


def read_costs(path: Path = COSTS) -> Costs:
    """The costs that were measured last."""
    return TypeAdapter(Costs).validate_json(path.read_bytes())


def write_costs(costs: Costs, path: Path = COSTS) -> None:
    """Keep the costs."""
    path.write_bytes(TypeAdapter(Costs).dump_json(costs, indent=2) + b"\n")


def calibrate(requests: Requests, trials: int = 400, entries: int = 1000) -> Costs:
    """Measure everything but the requests.

    Args:
        requests: as counted elsewhere.
        trials: of a study that costs nothing.
        entries: jobs, results and heartbeats.
    """
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folder, spec = _study(place / "files", entries)
        publish_s, collect_s = _dispatched(folder, spec, entries)
        heartbeat_s = _heartbeats(folder, entries)
        master_name_s, worker_name_s, look_s = _listings(place / "names", entries)
        failed_try_s = _failed_tries(place / "held")
        with Fleet(place / "fleet", 1) as fleet:
            fleet.gather()
            trial_s, busy_share = alone(fleet, trials)
            join_s = joining_s(fleet, trial_s)
            wake_s, event_s = waking(fleet)
        crowding = crowding_of(place / "crowd", trial_s + busy_share)
        flush_s = _flush(place, max(trials // 4, 1))
    return Costs(
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        measured=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {revision()}",
        publish_s=publish_s,
        collect_s=collect_s,
        look_s=look_s,
        heartbeat_s=heartbeat_s,
        master_name_s=master_name_s,
        worker_name_s=worker_name_s,
        join_s=join_s,
        wake_s=wake_s,
        event_s=event_s,
        failed_try_s=failed_try_s,
        trial_s=trial_s,
        busy_share=busy_share,
        crowding=crowding,
        flush_s=flush_s,
        **asdict(requests),
    )


def _cpu_s(work: Callable[[], object], repeats: int = 1) -> float:
    """The median CPU seconds of some work, of all threads of this process."""
    found: list[float] = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_SELF)
        work()
        after = resource.getrusage(resource.RUSAGE_SELF)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def _study(root: Path, trials: int) -> tuple[StudyFolder, StudySpec]:
    table = {
        "name": "demo",
        "trials": trials,
        "batch": trials,
        "objective": {"name": "square"},
        "budget": {"epochs": 1},
        "space": {name: {"type": "float", "low": 0.0, "high": 1.0} for name in "abcd"},
    }
    spec = StudySpec.model_validate(table)
    root.mkdir()
    folder = StudyFolder(root, spec.name)
    for path in (*folder.folders, folder.trial_folder(0)):
        atomic.make_folder(path)
    atomic.write_once(folder.spec, spec.to_json())
    return folder, spec


def _dispatched(folder: StudyFolder, spec: StudySpec, jobs: int) -> tuple[float, float]:
    """The CPU seconds of the master for a job that it publishes, and for a result that it collects."""
    dispatcher = Dispatcher(folder, spec, Claims(Claimant("master")), Silence())
    wanted = [_job(trial) for trial in range(jobs)]
    dispatcher.expect(wanted)
    publish_s = _cpu_s(dispatcher.publish)
    for job in wanted:
        report(_claim(folder, job.trial), result_of(job, seconds=1.0), b"")
    collect_s = _cpu_s(dispatcher.collect)
    return publish_s / jobs, collect_s / jobs


def _heartbeats(folder: StudyFolder, workers: int) -> float:
    for number in range(workers):
        record = WorkerRecord(
            worker=f"w{number}", host="lab", pid=1, device="cpu", state="running", trial=number, beat=1, at="now"
        )
        atomic.replace(folder.worker(record.worker), record.to_json(), durable=False)
    silence = Silence()
    return _cpu_s(lambda: silence.observe(read_workers(folder)), repeats=3) / workers


def _listings(root: Path, names: int) -> tuple[float, float, float]:
    """The CPU seconds for each name of the jobs, of master and worker, and of a listing without names."""
    folder, _ = _study(root, names)

    def master() -> object:
        listing = JobsListing(folder)
        return listing.missing(wanted), listing.open_issues(but=wanted), listing.locked_issues()

    wanted: set[str] = set()
    empty_s = _cpu_s(lambda: [master() for _ in range(50)], repeats=3) / 50
    for trial in range(names):
        folder.job(Issue(trial)).touch()
        folder.lock(Issue(trial)).touch()
    wanted = {folder.job(Issue(trial)).name for trial in range(names)}
    master_s = _cpu_s(lambda: [master() for _ in range(10)], repeats=3) / 10
    worker_s = _cpu_s(lambda: [turns(folder, names_of(folder.jobs)) for _ in range(10)], repeats=3) / 10
    return max(master_s - empty_s, 0.0) / (2 * names), worker_s / (2 * names), empty_s


def _failed_tries(root: Path, jobs: int = int(MOST_TRIES)) -> float:
    """The CPU seconds of a try to claim what another process holds. A worker makes no more than this at once."""
    folder, _ = _study(root, jobs)
    for trial in range(jobs):
        atomic.replace(folder.job(Issue(trial)), _job(trial).to_json(), durable=False)
    held = [_claim(folder, trial) for trial in range(jobs)]
    queues = [JobQueue(root, "demo", None, Claims(Claimant(f"other-{number}"))) for number in range(10)]
    seconds = _cpu_s(lambda: [queue.next_claim() for queue in queues]) / len(queues)
    for claim in held:
        claim.unlock()
    return seconds / jobs


def _flush(place: Path, files: int) -> float:
    found: list[float] = []
    for number in range(files):
        began_s = time.perf_counter()
        atomic.replace(place / f"flushed-{number}", b"x" * 1000, durable=True)
        found.append((time.perf_counter() - began_s) / 2)  # of the content, and of the folder
    return statistics.median(found)


def _job(trial: int) -> Job:
    seeds = Seeds(initialisation=1, shuffling=2, dropout=3)
    params: Params = dict.fromkeys("abcd", 0.5)
    return Job(study="demo", trial=trial, params=params, budget=Budget(epochs=1), seeds=seeds, published_at="now")


def _claim(folder: StudyFolder, trial: int) -> Claim:
    spec = StudySpec.model_validate_json(folder.spec.read_bytes())
    claim = Claims(Claimant("w")).try_lock(folder, Issue(trial), spec.claim)
    if claim is None:
        raise RuntimeError(f"trial {trial} of a new folder is held")
    claim.start()
    return claim
