"""Several processes that train on one GPU, with and without CUDA's Multi-Process Service, for `benchmarks.gpu`."""

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE_S = 90.0
"""How long processes may take to load, or to answer beyond the time that they train."""
CONTROL = "nvidia-cuda-mps-control"


class TrialProcesses:
    """Processes that train trials on one device when asked to.

    Args:
        count: how many.
        arguments: of `benchmarks.gpu_trials trials`.
        environment: added to this process's own.
    """

    def __init__(self, count: int, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "benchmarks.gpu_trials", "trials", *arguments]
        self._processes = [
            subprocess.Popen(  # noqa: S603 - our own program
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | environment, text=True
            )
            for _ in range(count)
        ]

    def wait_until_ready(self) -> None:
        """Wait until all have loaded and trained an epoch.

        Raises:
            RuntimeError: one died, or takes too long.
        """
        for process in self._processes:
            _line(process, PATIENCE_S)

    def epochs_per_second(self, count: int, seconds: float) -> float:
        """Let the first `count` processes train at once; return what they do together.

        Raises:
            RuntimeError: as above.
        """
        for process in self._processes[:count]:
            if process.stdin is not None:
                process.stdin.write(f"{seconds}\n")
                process.stdin.flush()
        answers = [_line(process, seconds + PATIENCE_S).split() for process in self._processes[:count]]
        return sum(int(epochs) / float(took_s) for epochs, took_s in answers)

    def end(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()


def _line(process: "subprocess.Popen[str]", patience_s: float) -> str:
    output = process.stdout
    ready = output is not None and bool(select.select([output], [], [], patience_s)[0])
    line = output.readline() if output is not None and ready else ""
    if not line:
        raise RuntimeError("a process of trials died" if ready else f"a process said nothing for {patience_s:g} s")
    return line


@contextmanager
def multi_process_service() -> Iterator[dict[str, str]]:
    """Run the Multi-Process Service, with its files in a folder of its own; yield the environment of its clients.

    Raises:
        RuntimeError: it is not installed, or did not start.
    """
    if shutil.which(CONTROL) is None:
        raise RuntimeError(f"{CONTROL} is not installed")
    with tempfile.TemporaryDirectory(prefix="mps-") as name:
        environment = {"CUDA_MPS_PIPE_DIRECTORY": f"{name}/pipe", "CUDA_MPS_LOG_DIRECTORY": f"{name}/log"}
        for folder in environment.values():
            Path(folder).mkdir()
        _control(["-d"], environment)
        try:
            yield environment
        finally:
            _control([], environment, "quit\n")
            time.sleep(1.0)  # its server ends behind it, and writes its log


def _control(arguments: Sequence[str], environment: Mapping[str, str], said: str = "") -> None:
    # Its output goes to a file: a daemon keeps a pipe open, and whoever reads that would wait for it.
    with tempfile.TemporaryFile("w+") as output:
        try:
            subprocess.run(  # noqa: S603 - CUDA's own program
                [CONTROL, *arguments],
                input=said,
                stdout=output,
                stderr=output,
                env=os.environ | environment,
                check=True,
                text=True,
                timeout=30,
            )
        except (OSError, subprocess.SubprocessError) as error:
            output.seek(0)
            raise RuntimeError(f"{CONTROL} {' '.join(arguments)}: {output.read().strip() or error}") from error
