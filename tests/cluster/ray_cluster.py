"""A real Ray on one machine: a head that takes no work, and nodes of two CPUs and two GPUs that exist in Ray's books.

A node and all that Ray starts on it are one process group. Killing it is the loss of the node.
"""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from tests.cluster.cannot_start import CannotStart
from tests.cluster.free_ports import free_ports

CPUS_PER_NODE = 2
GPUS_PER_NODE = 2
START_S = 90.0
RAY = (sys.executable, "-m", "ray.scripts.scripts")
# Without the second, Ray kills workers of a machine whose memory others have filled. It looks for lost nodes every 3 s.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "5000",
    "RAY_raylet_start_wait_time_s": f"{START_S:.0f}",
}


class RayCluster:
    """A head and its nodes.

    Args:
        here: an empty folder with a short name: a socket's path has at most 107 characters.

    Attributes:
        access: variables with which a program may use it. Else whoever reaches its ports could run what they like here.
        notes: the file in which objectives note what they do; beside it are the gates that they wait for.
    """

    def __init__(self, here: Path) -> None:
        self.here, self.notes = here, here / "notes"
        self.access = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        self._environment = os.environ | SETTINGS | self.access | {"NOTES": str(self.notes)}
        self._number = 0
        port, self._client_port = free_ports(2)
        self.address = f"127.0.0.1:{port}"
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start the head and the nodes n1 and n2.

        Raises:
            CannotStart: Ray is not installed, or does not start here.
        """
        if find_spec("ray") is None:
            raise CannotStart("pip install 'hyperspool[ray]'")
        port = self.address.rpartition(":")[2]
        head = (
            "--head",
            f"--port={port}",
            f"--temp-dir={self.here}",
            "--include-dashboard=false",
            f"--ray-client-server-port={self._client_port}",
        )
        self._begin("head", *head, "--num-cpus=0", "--num-gpus=0")
        self.wait_for_node("head")
        for _ in range(2):
            self.wait_for_node(self.begin_node())  # of two that start at once, one may not find its own

    def begin_node(self, *before: str) -> str:
        """Begin to start a node; return its name, which its processes find in PLACE.

        Args:
            *before: the beginning of a command in which the node runs, such as that of another namespace.
        """
        self._number += 1
        name = f"n{self._number}"
        own = (f"--address={self.address}", f"--num-cpus={CPUS_PER_NODE}", f"--num-gpus={GPUS_PER_NODE}")
        self._begin(name, *own, before=before)
        return name

    def wait_for_node(self, name: str) -> None:
        """Wait until a node is up.

        Raises:
            CannotStart: it ends, or takes too long.
        """
        end_s = time.monotonic() + START_S
        while "now block forever" not in (said := self._log(name).read_text(errors="replace")):
            if self._nodes[name].poll() is not None or time.monotonic() > end_s:
                raise CannotStart(f"{name} does not start: {' | '.join(said.splitlines()[-3:])}")
            time.sleep(0.1)

    def lose(self, name: str) -> None:
        """Kill a node with all that Ray has started on it."""
        node = self._nodes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()

    @property
    def places(self) -> list[str]:
        """The GPUs of all nodes, as walks name them."""
        return [f"{name} GPU {gpu}" for name in self._nodes if name != "head" for gpu in range(GPUS_PER_NODE)]

    def stop(self) -> None:
        """End everything."""
        for name in [*self._nodes]:
            self.lose(name)

    def status(self) -> str:
        """What `ray status` prints."""
        command = [*RAY, "status", f"--address={self.address}"]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False).stdout

    def is_unused(self) -> bool:
        """Whether nothing of Ray's is used, and nothing waits for a place."""
        status = self.status()
        used = re.findall(r"([0-9.]+)/[0-9.]+ (?:CPU|GPU)", status)
        return "(no resource demands)" in status and bool(used) and not any(float(each) for each in used)

    def _begin(self, name: str, *options: str, before: tuple[str, ...] = ()) -> None:
        shared = ("--block", "--disable-usage-stats", "--object-store-memory=100000000")
        ports = ("--min-worker-port=0", "--max-worker-port=0")  # the nodes share this machine's
        with self._log(name).open("wb") as log:
            self._nodes[name] = subprocess.Popen(
                [*before, *RAY, "start", *options, *shared, *ports],
                env=self._environment | {"PLACE": name}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def _log(self, name: str) -> Path:
        return self.here / f"{name}.log"
