"""What a trial finds around it in the child process, and finds the same after any other trial.

A trial is somebody's program: it parses arguments, changes directory, sets handlers of signals, ends processes of its
own. It may do all that as if it ran by itself, and the next trial notices nothing of it.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import TextIO

from hyperspool.common.signals import REQUESTS

LINE_BUFFERED = 1
"""_IOLBF of C, on Linux and macOS."""
# PyTorch's loader sets a handler of SIGCHLD once in a process, and relies on it ever after.
RESTORED = tuple(int(number) for number in {*signal.Signals} - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD})

_libc = ctypes.CDLL(None)


class Surroundings:
    """What every trial of this process finds. The constructor sets the process up, before it has a second thread.

    Args:
        output: a descriptor; standard output and error lead to it from now on, line by line as they are printed.
    """

    def __init__(self, output: int) -> None:
        self._output = output
        # What the trial starts by multiprocessing imports the main module again. That must not be the worker.
        sys.modules["__main__"] = types.ModuleType("__main__")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)  # the worker's own input, which a trial must not read, shows it that its master lives
        os.close(nothing)
        self._point_output()
        # Final to type checkers alone; multiprocessing and others fall back on them.
        sys.stdout = sys.__stdout__ = _text_stream(1)  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = _text_stream(2)  # type: ignore[misc]
        with suppress(ValueError):  # a C library that does not name its stream like this
            stream = ctypes.c_void_p.in_dll(_libc, "stdout" if sys.platform == "linux" else "__stdoutp")
            _libc.setvbuf(stream, None, LINE_BUFFERED, 0)
        os.environ.setdefault("PYTHONUNBUFFERED", "1")  # for the Python programs that a trial starts
        for number in REQUESTS:
            signal.signal(number, _leave_to_the_worker)
        self._mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, REQUESTS) - {*REQUESTS}
        os.register_at_fork(before=_hold_signals, after_in_parent=_take_signals, after_in_child=_obey_signals)
        _forget_start_method()
        self._handlers = {number: signal.getsignal(number) for number in RESTORED}
        self._folder = Path.cwd()
        self._streams = (sys.stdout, sys.stderr)

    @contextmanager
    def of_trial(self, objective: str, threads: int) -> Iterator[None]:
        """Let a trial run; afterwards all is put back, and what was printed is on its way.

        Args:
            objective: its name stands for the program's in `sys.argv`, which holds nothing else.
            threads: for PyTorch, if it is loaded already; 0: as many as it likes.
        """
        sys.argv = [objective]
        if threads and (torch := sys.modules.get("torch")) is not None and torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        try:
            yield
        finally:
            self._put_back()

    def _put_back(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)  # an alarm that the trial set is not to end the next one
        for number, handler in self._handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        _forget_start_method()
        with suppress(OSError):
            os.chdir(self._folder)
        _flush(sys.stdout, sys.stderr)
        if (sys.stdout, sys.stderr) != self._streams or any(stream.closed for stream in self._streams):
            self._streams = (self._again(1), self._again(2))
            sys.stdout, sys.stderr = self._streams
            _flush(*self._streams)
        self._point_output()

    def _again(self, descriptor: int) -> TextIOWrapper:
        stream = self._streams[descriptor - 1]
        return _text_stream(descriptor) if stream.closed else stream

    def _point_output(self) -> None:
        for descriptor in (1, 2):
            os.dup2(self._output, descriptor)


def _leave_to_the_worker(_number: int, _frame: FrameType | None) -> None:
    # The worker got the same signal, and asks this process to stop. A handler, not SIG_IGN: a program that is started
    # inherits that a signal is ignored, and could not be ended by it.
    pass


def _forget_start_method() -> None:
    # A process that was spawned spawns in its turn. To a trial the system's default holds, and it may choose another.
    multiprocessing.set_start_method(None, force=True)


_mask = threading.local()
"""The signals that were blocked before the fork that this thread makes."""


def _hold_signals() -> None:
    # RACE: the trial ends its fork at once, and the signal arrives while the fork has the handler above. It would be
    # lost, and the trial would wait for ever. Held, it waits until `_obey_signals`.
    _mask.before = signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)


def _take_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _mask.before)


def _obey_signals() -> None:
    # In a fork, handlers are inherited. The trial's own stay.
    for number in REQUESTS:
        if signal.getsignal(number) is _leave_to_the_worker:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    _take_signals()


def _text_stream(descriptor: int) -> TextIOWrapper:
    # Line by line, also where this process was started with another output; and no character that cannot be printed.
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _flush(*streams: TextIO) -> None:
    for stream in streams:
        with suppress(Exception):  # a trial may put anything in their place
            stream.flush()
    _libc.fflush(None)
