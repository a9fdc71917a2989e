"""Objectives that behave like programs of their own: they start processes, print, set handlers, exit."""

import argparse
import asyncio
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hyperspool.worker.objectives.trial import Trial
from tests.objectives import _gate, _note

Params = dict[str, Any]
_pools: list[ThreadPoolExecutor] = []


def _double(number: float) -> float:
    return 2 * number


def _doubled(method: str, params: Params) -> float:
    with multiprocessing.get_context(method).Pool(2) as pool:
        return float(pool.map(_double, [params["x"]])[0])


def forks(params: Params, _trial: Trial) -> float:
    """Doubles x in a pool of forks."""
    return _doubled("fork", params)


def spawns(params: Params, _trial: Trial) -> float:
    """Doubles x in a pool of new interpreters."""
    return _doubled("spawn", params)


def forks_by_server(params: Params, _trial: Trial) -> float:
    """Doubles x in a pool that Python's server of forks makes."""
    return _doubled("forkserver", params)


def executes(params: Params, _trial: Trial) -> float:
    """Doubles x in an executor's processes, and by a program of a coroutine."""

    async def run() -> int:
        process = await asyncio.create_subprocess_exec("true")
        return await process.wait()

    assert asyncio.run(run()) == 0
    with ProcessPoolExecutor(2) as pool:
        return float(next(iter(pool.map(_double, [params["x"]]))))


def joins(params: Params, _trial: Trial) -> float:
    """Doubles x by joblib, which keeps its processes for the next call."""
    from joblib import Parallel, delayed  # type: ignore[import-untyped]

    return float(Parallel(n_jobs=2)(delayed(_double)(x) for x in (params["x"], 1.0))[0])


def loads(_params: Params, _trial: Trial) -> float:
    """Counts what comes from PyTorch's loader with two processes."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    data = TensorDataset(torch.ones(8, 1))
    return float(sum(batch.sum() for (batch,) in DataLoader(data, batch_size=2, num_workers=2)))


def ends_its_own(_params: Params, _trial: Trial) -> float:
    """Ends a fork and a program by SIGTERM; returns how many obeyed."""
    fork = multiprocessing.get_context("fork").Process(target=time.sleep, args=(300,))
    fork.start()
    fork.terminate()
    fork.join()
    with subprocess.Popen(["sleep", "300"]) as program:
        program.terminate()
        ended = [fork.exitcode, program.wait()]
    return float(ended.count(-signal.SIGTERM))


def handles(_params: Params, _trial: Trial) -> float:
    """Handles SIGTERM and SIGALRM by itself, and leaves both handlers and an alarm behind; notes how it found them."""
    time.sleep(0.1)  # an alarm of the trial before would end this process
    _note(f"found {signal.getsignal(signal.SIGTERM)} {signal.getsignal(signal.SIGALRM)}")
    caught: list[int] = []
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, lambda number, _frame: caught.append(number))
        signal.raise_signal(number)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    return float(len(caught))


def leaves(params: Params, trial: Trial) -> float:
    """Leaves processes, then returns (x = 0), raises (1), dies (2), stays in C (3) or in Python (5).

    Or it leaves one daemon (4).
    """
    fork = os.fork()
    if not fork:  # a daemon, as it is made by the book
        os.setsid()
        if not os.fork():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            _note(f"left {os.getpid()}")
            time.sleep(300)
        os._exit(0)
    os.waitpid(fork, 0)
    ways: list[dict[str, Any]] = [{}, {"start_new_session": True}, {"env": {}}]
    if params["x"] == 4.0:
        ways = []
    for options in ways:
        _note(f"left {subprocess.Popen(['/bin/sleep', '300'], **options).pid}")
    notes = _gate("notes")
    while not notes.exists() or notes.read_text().count("left") < 1 + len(ways):
        time.sleep(0.01)
    match params["x"]:
        case 1.0:
            raise ValueError("failed")
        case 2.0:
            os.kill(os.getpid(), signal.SIGKILL)
        case 3.0:
            trial.report()
            ctypes.PyDLL(None).sleep(300)  # without letting other threads run
        case 5.0:
            trial.report()
            time.sleep(300)
    return 0.0


def leaves_a_thread(_params: Params, _trial: Trial) -> float:
    """Leaves a thread behind that is no daemon."""
    threading.Thread(target=time.sleep, args=(300,), name="trainer").start()
    return 0.0


def keeps_a_pool(_params: Params, _trial: Trial) -> float:
    """Keeps a pool of threads for the next trial."""
    _pools.append(ThreadPoolExecutor(1))
    return float(_pools[-1].submit(_double, 1.0).result())


def returns_twice(_params: Params, _trial: Trial) -> float:
    """Forks, and returns in both processes."""
    fork = os.fork()
    if not fork:
        return 1.0
    return float(os.waitpid(fork, 0)[1])


def parses(params: Params, _trial: Trial) -> float:
    """Parses the command line, and has no use for an option that is missing if x is 1."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=0.5, required=params["x"] == 1.0)
    return float(parser.parse_args().rate)


def wanders(_params: Params, trial: Trial) -> float:
    """Changes directory and saves; notes where it was and what it was called."""
    _note(f"{Path.cwd()} {sys.argv}")
    folder = _gate("elsewhere")
    folder.mkdir(exist_ok=True)
    os.chdir(folder)
    sys.argv.append("--mine")
    trial.save(b"saved")
    return 0.0


def exits(params: Params, trial: Trial) -> float:
    """Keeps a file and ends its program in the way that x names."""
    (trial.folder / "kept.txt").write_text("kept")
    print("one\ntwo\nthree\n\nfour")
    match params["x"]:
        case 0.0:
            sys.exit()
        case 1.0:
            sys.exit("no data")
        case 2.0:
            raise KeyboardInterrupt
        case _:
            sys.stdout.flush()
            os._exit(3)


def is_hit(_params: Params, trial: Trial) -> float:
    """Fails when it is asked to stop, as a trial does whose processes got the same signal."""
    trial.report()
    while not trial.should_stop():
        time.sleep(0.01)
    raise RuntimeError("a loader's process was ended by SIGTERM")


def binds(_params: Params, trial: Trial) -> float:
    """Notes the threads that libraries would use."""
    _note(f"{trial.threads} {os.environ.get('OMP_NUM_THREADS')} {os.environ.get('OPENBLAS_NUM_THREADS')}")
    return 0.0


def prints(params: Params, trial: Trial) -> float:
    """Prints in every way, then waits for the file `go` if x is 1."""
    print("from Python")
    print("from Python's errors", file=sys.stderr)
    print("no newline", end="")
    sys.stdout.flush()
    print(" but more")
    os.write(1, b"from the \xff\xfe system\n")
    libc = ctypes.CDLL(None)
    libc.puts(b"from C")
    subprocess.run([sys.executable, "-c", "print('from a program')"], check=True)
    print("\udcff is no character")
    trial.report()
    while params["x"] == 1.0 and not _gate("go").exists():
        time.sleep(0.01)
    print("at the end", end="")
    libc.printf(b", and at C's end")
    return 0.0


def floods(params: Params, _trial: Trial) -> float:
    """Prints 50 MB without a newline, half of it before the number and half after."""
    os.write(1, b"begin")
    for _ in range(50):
        os.write(1, b"\x00\xffab" * 250_000)
    os.write(2, b"end")
    return float(params["x"])


def talks_to_the_end(_params: Params, _trial: Trial) -> float:
    """Leaves a daemon thread that prints without end."""

    def talk() -> None:
        while True:
            os.write(1, b"and another thing\n" * 100)

    threading.Thread(target=talk, daemon=True).start()
    return 0.0


def pid(_params: Params, _trial: Trial) -> float:
    """Notes its process."""
    _note(str(os.getpid()))
    return 0.0


NAMES = [name for name, value in list(globals().items()) if getattr(value, "__module__", "") == __name__]
TARGETS = tuple(f"{name}={__name__}:{name}" for name in NAMES if not name.startswith("_"))
"""All of them, as a worker's command line names them."""
