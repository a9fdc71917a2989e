"""Workers on this machine, started and stopped by their study's master."""

import logging
import signal
import subprocess
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant
from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.errors import SearchError
from hyperspool.common.file_kinds import WORKER_LOG
from hyperspool.common.gpus import visible_gpus
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.invocation import own_process
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_tail
from hyperspool.common.signals import STOPPED_STATUS

STOP_S = 8.0
"""How long a stopped worker may take to save and exit. The worker itself kills a child that takes longer than 5 s."""
MAX_RESTARTS = 20
"""How many dead workers are replaced, over all workers, before the run ends with an error."""
TAIL_BYTES = 20_000
"""How much of the end of a worker's log is read to show its last lines."""
WRONG_USAGE = 2
"""A worker's exit status if its command line is wrong or its objective cannot be imported: a restart would not help."""

logger = logging.getLogger(__name__)


class LocalWorkers:
    """Keeps a number of workers running for one study. Worker i uses GPU i, modulo the GPUs; without GPUs, the CPU.

    The workers end with this process, however it ends: each watches its standard input, which closes when this process
    ends. Ctrl-C does not reach them, because they run in sessions of their own. Leaving the block asks them to save and
    exit.

    Args:
        folder: the folder of their study.
        count: the number of workers; may be 0.
        own: the user's objectives.
    """

    def __init__(self, folder: StudyFolder, count: int, own: OwnObjectives) -> None:
        self._folder, self._count, self._own = folder, count, own
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._restarts = 0
        self._host = Claimant("master").host

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
            SearchError: a worker cannot serve the study, or workers have died more than `MAX_RESTARTS` times.
        """
        for index, process in list(self._processes.items()):
            status = process.poll()
            if status is None:
                continue
            del self._processes[index]
            if status in {0, STOPPED_STATUS}:
                logger.info("local worker %d has exited", index + 1)
                continue
            log = self._log(index)
            if status == WRONG_USAGE or self._restarts >= MAX_RESTARTS:
                raise SearchError(f"local worker {index + 1} {_ending(status)}; {log} ends with:\n{_tail(log)}")
            logger.warning("local worker %d %s; starting another; its log: %s", index + 1, _ending(status), log)
            self._restarts += 1
            self._start(index)

    def loading(self, records: Iterable[WorkerRecord]) -> list[str]:
        """Return the workers that have no heartbeat yet, because they still load: `local worker 1 on cuda:0`.

        Args:
            records: the heartbeats of the study's workers.
        """
        ready = {record.pid for record in records if record.host == self._host}
        waiting = [index for index, process in self._processes.items() if process.pid not in ready]
        return [f"local worker {index + 1} on {self._devices[index]}" for index in sorted(waiting)]

    def _start(self, index: int) -> None:
        command = [*own_process("worker"), "--root", str(self._folder.root), "--study", self._folder.name]
        command += ["--device", self._devices[index], "--exit-with-stdin", *self._own.arguments]
        if sent := self._own.sent:
            command += ["--objective-from-stdin", sent.name]
        with atomic.open_log(self._log(index)) as log:
            self._processes[index] = subprocess.Popen(  # noqa: S603 - our own program, arguments from our own command line
                command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        if sent and (pipe := self._processes[index].stdin):
            # In a thread: a pipe holds 64 kB, and the worker reads it only when Python has started.
            threading.Thread(target=_send, args=(pipe, sent.message()), daemon=True).start()

    def _log(self, index: int) -> Path:
        return self._folder.path(WORKER_LOG, f"worker-{index + 1}")


def _send(pipe: IO[bytes], message: bytes) -> None:
    with suppress(OSError, ValueError):  # the worker died, or is stopped already; `look_after` finds the first
        pipe.write(message)
        pipe.flush()


def _ending(status: int) -> str:
    return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"


def _tail(path: Path, lines: int = 5) -> str:
    text = read_tail(path, TAIL_BYTES).decode(errors="replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
