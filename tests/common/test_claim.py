import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hyperspool.common import atomic
from hyperspool.common import claim as claim_module
from hyperspool.common.attempts import read_history
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, is_held, waiting_for
from hyperspool.common.records import FailureKind
from tests.conftest import job_of
from tests.processes import REPOSITORY, until

HOLD = """
import sys, time
from pathlib import Path
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.locks import ClaimMode
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
claims = Claims(Claimant("other"), lease_s=1.0)
claim = claims.try_lock(StudyFolder(Path(sys.argv[1]), "demo"), Issue(0), ClaimMode(sys.argv[2]))
assert claim is not None
claim.start()
print("held", flush=True)
if sys.stdin.readline().strip() == "wait for the loss":
    while claim.is_held:
        time.sleep(0.01)
print("still ours" if claim.is_held else "taken over", flush=True)
claim.release()
"""

LOCK = ClaimMode.LOCK

Hold = Callable[[ClaimMode], "subprocess.Popen[str]"]


@pytest.fixture
def claims() -> Claims:
    return Claims(Claimant("mine"))


@pytest.fixture
def hold(folder: StudyFolder) -> Iterator[Hold]:
    """Lets another process claim issue 0, until its standard input ends."""
    with ExitStack() as stack:

        def start(mode: ClaimMode) -> "subprocess.Popen[str]":
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", HOLD, str(folder.root), mode.value],
                    cwd=REPOSITORY,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            return process

        yield start


@pytest.fixture
def published(folder: StudyFolder) -> StudyFolder:
    atomic.replace(folder.job(Issue(0)), job_of().to_json(), durable=True)
    return folder


@pytest.mark.parametrize("mode", [ClaimMode.LOCK, ClaimMode.FLOCK])
def test_a_claim_excludes_other_processes_until_it_is_released(
    published: StudyFolder, claims: Claims, hold: Hold, mode: ClaimMode
) -> None:
    other = hold(mode)
    assert is_held(published.lock(Issue(0)), mode)
    assert claims.try_lock(published, Issue(0), mode) is None
    printed, _ = other.communicate("")
    assert "still ours" in printed
    assert not is_held(published.lock(Issue(0)), mode)
    claim = claims.try_lock(published, Issue(0), mode)
    assert claim is not None
    assert claim.attempt.number == 2
    assert claim.history.counted == 0
    claim.unlock()


def test_a_lock_of_an_nfs_servers_client_excludes_us(published: StudyFolder, claims: Claims) -> None:
    # To a process on the server's own disk, clients' locks look like those of any process that locks bytes.
    program = (
        "import fcntl, sys; lock = open(sys.argv[1], 'w')\n"
        "fcntl.lockf(lock, fcntl.LOCK_EX); print('held', flush=True); input()"
    )
    command = [sys.executable, "-c", program, str(published.lock(Issue(0)))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdout.readline() == "held\n"
        assert claims.try_lock(published, Issue(0), LOCK) is None
        assert is_held(published.lock(Issue(0)), LOCK)
        server.communicate("\n")
    claim = claims.try_lock(published, Issue(0), LOCK)
    assert claim is not None
    claim.unlock()


def test_a_claim_excludes_others_within_the_process(published: StudyFolder, claims: Claims) -> None:
    claim = claims.try_lock(published, Issue(0), LOCK)
    assert claim is not None
    assert claims.try_lock(published, Issue(0), LOCK) is None
    claim.unlock()


def test_the_claim_of_a_killed_worker_is_free_and_counts(published: StudyFolder, claims: Claims, hold: Hold) -> None:
    other = hold(ClaimMode.LOCK)
    other.kill()
    other.wait()
    claim = claims.try_lock(published, Issue(0), LOCK)
    assert claim is not None
    assert claim.history.counted == 1
    assert claim.history.summary() == "attempt 1 on other: the worker died"
    claim.unlock()


def test_the_claim_of_a_stopped_worker_stays_its_own(published: StudyFolder, claims: Claims, hold: Hold) -> None:
    other = hold(ClaimMode.LOCK)
    os.kill(other.pid, signal.SIGSTOP)
    assert claims.try_lock(published, Issue(0), LOCK) is None
    os.kill(other.pid, signal.SIGCONT)


def test_the_lock_files_text_says_who_when_and_why(published: StudyFolder, claims: Claims) -> None:
    first = claims.try_lock(published, Issue(0), LOCK)
    assert first is not None
    first.start()
    first.release()
    second = claims.try_lock(published, Issue(0), LOCK)
    assert second is not None
    second.start()
    second.give_up(FailureKind.WORKER_LOST, "the evaluating process was ended by SIGSEGV")
    events = read_history(published.lock(Issue(0))).events
    assert [(event.event, event.attempt) for event in events] == [
        ("claimed", 1),
        ("released", 1),
        ("claimed", 2),
        ("lost", 2),
    ]
    assert {event.worker for event in events} == {"mine"}
    assert {event.pid for event in events} == {os.getpid()}
    assert events[-1].reason == "the evaluating process was ended by SIGSEGV"


def test_a_waiter_on_a_removed_lock_file_gets_no_claim(
    published: StudyFolder, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = claims.try_lock(published, Issue(0), LOCK)
    assert first is not None
    open_file = os.open

    def open_then_lose(path: str, *arguments: int, **options: int) -> int:
        descriptor = open_file(path, *arguments, **options)
        if str(path).endswith("00000.lock"):  # the holder clears between the waiter's open and its lock
            monkeypatch.setattr(os, "open", open_file)
            atomic.remove(published.job(Issue(0)))
            first.remove_lock_file()
            first.unlock()
        return descriptor

    monkeypatch.setattr(os, "open", open_then_lose)
    assert Claims(Claimant("late")).try_lock(published, Issue(0), LOCK) is None
    assert not published.lock(Issue(0)).exists()


@pytest.mark.parametrize("kind", ["link", "second name", "pipe", "folder", "megabytes"])
def test_a_lock_file_that_no_claimant_made_is_set_aside(published: StudyFolder, claims: Claims, kind: str) -> None:
    path = published.lock(Issue(0))
    match kind:
        case "link":
            path.symlink_to("/etc/passwd")
        case "second name":
            (published.root / "precious").touch()
            path.hardlink_to(published.root / "precious")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "megabytes":
            path.write_bytes(bytes(5 * 2**20))
    assert claims.try_lock(published, Issue(0), LOCK) is None
    assert [found.name[:11] for found in published.rejected.glob("*.lock.*") if "reason" not in found.name] == [
        "00000.lock."
    ]
    claim = claims.try_lock(published, Issue(0), LOCK)
    assert claim is not None
    claim.unlock()


def test_a_lease_with_other_settings_is_refused(published: StudyFolder) -> None:
    first = Claims(Claimant("first"), lease_s=10.0).try_lock(published, Issue(0), ClaimMode.LEASE)
    assert first is not None
    with pytest.raises(ValueError, match=r"holds a lease of 10\.0s"):
        Claims(Claimant("second"), lease_s=20.0).try_lock(published, Issue(0), ClaimMode.LEASE)
    first.unlock()


def test_a_lease_excludes_others_while_its_holder_lives(published: StudyFolder, hold: Hold) -> None:
    hold(ClaimMode.LEASE)
    claims = Claims(Claimant("mine"), lease_s=1.0)
    tries = iter(range(30))
    until(
        lambda: next(tries, None) is None or claims.try_lock(published, Issue(0), ClaimMode.LEASE) is not None,
        "thirty tries, three times as long as the lease",
        published.root,
    )
    assert next(tries, None) is None


def test_a_stopped_worker_finds_its_lease_taken_over(published: StudyFolder, hold: Hold) -> None:
    other = hold(ClaimMode.LEASE)
    os.kill(other.pid, signal.SIGSTOP)
    claims = Claims(Claimant("mine"), lease_s=1.0)
    claim = None

    def took_over() -> bool:
        nonlocal claim
        claim = claims.try_lock(published, Issue(0), ClaimMode.LEASE)
        return claim is not None

    until(took_over, "the lease expires", published.root)
    assert claim is not None
    assert claim.attempt.number == 2
    claim.start()
    os.kill(other.pid, signal.SIGCONT)
    printed, _ = other.communicate("wait for the loss\n", timeout=20)
    assert printed == "taken over\n"
    assert claim.is_held
    events = read_history(published.lock(Issue(0))).events
    assert [(event.event, event.attempt) for event in events] == [("claimed", 1), ("claimed", 2)]
    claim.unlock()


def test_waiting_for_a_lock_calls_back_once_and_takes_it(published: StudyFolder, hold: Hold) -> None:
    other = hold(LOCK)
    said: list[str] = []

    def on_wait() -> None:
        said.append("waiting")
        other.kill()

    with waiting_for(published.lock(Issue(0)), LOCK, on_wait):
        said.append("held")
    assert said == ["waiting", "held"]


@pytest.mark.parametrize(
    ("what", "is_held"), [("nothing", True), ("later attempt", False), ("job removed", True), ("result", False)]
)
def test_a_holder_finds_out_that_its_lock_was_dropped(
    published: StudyFolder, claims: Claims, monkeypatch: pytest.MonkeyPatch, what: str, is_held: bool
) -> None:
    monkeypatch.setattr(claim_module, "LOOK_S", 0.0)
    claim = claims.try_lock(published, Issue(0), LOCK)
    assert claim is not None
    claim.start()
    if what == "later attempt":
        text = published.lock(Issue(0)).read_text()
        published.lock(Issue(0)).write_text(text + text.replace('"attempt":1', '"attempt":2').replace("mine", "other"))
    elif what != "nothing":
        atomic.remove(published.job(Issue(0)))
    if what == "result":
        published.trial_folder(0).mkdir(parents=True, exist_ok=True)
        published.result(0).touch()
    assert claim.is_held is is_held
    claim.release()
    events = [event.event for event in read_history(published.lock(Issue(0))).events]
    assert ("released" in events) is is_held
