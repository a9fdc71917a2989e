"""The first child, started while its parent still loads: torch takes longer than all that the parent does meanwhile."""

import atexit
from contextlib import suppress
from pathlib import Path

from hyperspool.worker.child_entry import Outlook
from hyperspool.worker.child_process import ChildProcess, variables_of
from hyperspool.worker.device import Device
from hyperspool.worker.guardian import Guardian
from hyperspool.worker.turn import Turn

THREADS = 1
"""CPU threads of the child: what a study says unless it says another number. Then the child is replaced."""


class EarlyChild:
    """A child that nobody owns yet. It ends with this process, unless an executor takes it over before that.

    Args:
        turn: to load; the child takes it over.
    """

    def __init__(self, turn: Turn) -> None:
        self._guardian = Guardian()
        self._child: ChildProcess | None = None
        with suppress(OSError):  # no process can be started now; the first job tries it again, and says so
            self._child = ChildProcess({}, THREADS, self._guardian, turn)
        turn.end()
        # Before multiprocessing's own end, which would wait for a child that nobody ended.
        atexit.register(self.close)

    def show(self, root: Path, study: str | None, device: Device) -> None:
        """Show the child what it will need, once.

        Args:
            root: the shared folder, with the open jobs.
            study: the only study that the worker serves; None: all.
            device: of the worker.
        """
        variables = variables_of(device, THREADS)
        with suppress(OSError):  # the child died at once, and the first request finds that out
            if self._child is not None:
                self._child.connection.send(Outlook(root.absolute(), study, device.in_child, THREADS, variables))

    def hand_over(self) -> tuple[ChildProcess | None, Guardian]:
        """The child and its guardian, which are the caller's from now on. The child awaits its settings."""
        atexit.unregister(self.close)
        child, self._child = self._child, None
        return child, self._guardian

    def close(self) -> None:
        """End the child."""
        child, guardian = self.hand_over()
        if child is not None:
            child.kill()
            child.output.close()
        guardian.close()
