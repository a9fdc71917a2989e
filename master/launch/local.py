"""Workers on this machine, started and stopped by the master that they serve."""

import logging
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from hyperspool.common import atomic
from hyperspool.common.errors import SearchError
from hyperspool.common.gpus import visible_gpus
from hyperspool.common.invocation import own_process
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_tail

STOP_S = 8.0
"""How long a worker may take to save and leave; it kills a child that takes longer than 5 s."""
MAX_RESTARTS = 20
"""How often workers that died are replaced, all together, before the search is given up."""
TAIL_BYTES = 20_000
"""How much of a worker's output is looked at for its last lines."""
WRONG_USAGE = 2

logger = logging.getLogger(__name__)


class LocalWorkers:
    """Keeps a number of workers running for one study: GPU i for worker i where there are GPUs, else the CPU.

    They end with this process, however it ends: each watches its standard input, which closes with us. A keyboard
    interrupt does not reach them (they have a session of their own); they are told to save when the block is left.

    Args:
        folder: the study that they serve.
        count: how many; 0: none.
        objectives: the user's objectives, as the worker's command line takes them.
    """

    def __init__(self, folder: StudyFolder, count: int, objectives: Sequence[str]) -> None:
        self._folder, self._count, self._objectives = folder, count, objectives
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._restarts = 0

    def __enter__(self) -> Self:
        gpus = len(visible_gpus()) if self._count else 0
        self._devices = [f"cuda:{index % gpus}" if gpus else "cpu" for index in range(self._count)]
        if self._count:
            atomic.make_folder(self._folder.logs)
        for index in range(self._count):
            self._start(index)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            if process.stdin:
                process.stdin.close()
        deadline_s = time.monotonic() + STOP_S
        for process in self._processes.values():
            try:
                process.wait(max(deadline_s - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def look_after(self) -> None:
        """Replace workers that died.

        Raises:
            SearchError: a worker cannot serve the study, or they keep dying.
        """
        for index, process in list(self._processes.items()):
            status = process.poll()
            if status is None:
                continue
            del self._processes[index]
            if status == 0:
                logger.info("local worker %d has left", index + 1)
                continue
            log = self._log(index)
            if status == WRONG_USAGE or self._restarts >= MAX_RESTARTS:
                raise SearchError(f"local worker {index + 1} {_ending(status)}; {log} ends with:\n{_tail(log)}")
            logger.warning("local worker %d %s; starting another, see %s", index + 1, _ending(status), log)
            self._restarts += 1
            self._start(index)

    def _start(self, index: int) -> None:
        command = [*own_process("worker"), "--root", str(self._folder.root), "--study", self._folder.name]
        command += ["--device", self._devices[index], "--exit-with-stdin"]
        for objective in self._objectives:
            command += ["--objective", objective]
        with atomic.open_log(self._log(index)) as log:
            self._processes[index] = subprocess.Popen(  # noqa: S603 - our own program, arguments from our own command line
                command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def _log(self, index: int) -> Path:
        return self._folder.logs / f"worker-{index + 1}.log"


def _ending(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _tail(path: Path, lines: int = 5) -> str:
    text = read_tail(path, TAIL_BYTES).decode(errors="replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
