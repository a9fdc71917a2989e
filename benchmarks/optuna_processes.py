"""The peer of the protocol: optuna's storage in a journal file, with as many processes as workers.

    python -m benchmarks.optuna_processes JOURNAL TRIALS

The program is one of these processes. It says `ready` when optuna is loaded, and starts with the next line of its
standard input, so that no start of Python is measured, as with warm workers.
"""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

STUDY = "peer"


@dataclass(frozen=True)
class Peers:
    """What the processes took: seconds from the first trial's start to the last one's end, and CPU seconds of all."""

    trials: int
    seconds: float
    cpu_s: float


def run_peers(journal: Path, processes: int, trials: int, program: str = "benchmarks.optuna_processes") -> Peers:
    """Evaluate trials by as many processes, each its share.

    Args:
        journal: the file of the storage, which is not there yet.
        processes: how many.
        trials: of all of them.
        program: the module that is run, with `work(JOURNAL, TRIALS)` behind its command line.
    """
    command = [sys.executable, "-m", program, str(journal)]
    shares = [trials // processes + (number < trials % processes) for number in range(processes)]
    with ExitStack() as stack:
        peers = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603 - our own program
                    [*command, str(share)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for share in shares
        ]
        for peer in peers:
            if peer.stdout is None or peer.stdout.readline() != "ready\n":
                raise RuntimeError(f"a process of the peer ended with status {peer.wait()}")
        for peer in peers:
            if peer.stdin:
                peer.stdin.write("\n")
                peer.stdin.flush()
        answers = [json.loads(peer.stdout.read()) for peer in peers if peer.stdout]
    seconds = max(answer["end_s"] for answer in answers) - min(answer["begin_s"] for answer in answers)
    return Peers(trials, seconds, sum(answer["cpu_s"] for answer in answers))


def work(journal: str, trials: int) -> None:
    """Evaluate trials, and print when and with how much CPU."""
    import time

    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def nothing(trial: optuna.Trial) -> float:
        trial.suggest_float("a", 0, 1)
        trial.suggest_float("b", 1e-3, 1, log=True)
        trial.suggest_float("c", -1, 1)
        trial.suggest_float("d", 0, 10)
        return time.time()

    storage = JournalStorage(JournalFileBackend(journal))
    sampler = optuna.samplers.RandomSampler(seed=os.getpid())
    study = optuna.create_study(storage=storage, study_name=STUDY, sampler=sampler, load_if_exists=True)
    print("ready", flush=True)
    sys.stdin.readline()
    begin_s, begin_cpu = time.time(), os.times()
    study.optimize(nothing, n_trials=trials)
    end_cpu = os.times()
    spent = end_cpu.user - begin_cpu.user + end_cpu.system - begin_cpu.system
    print(json.dumps({"begin_s": begin_s, "end_s": time.time(), "cpu_s": spent}))


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]))
