"""A real Slurm on one machine: a controller and two nodes with two GPUs each, which are harmless devices.

Neither systemd, nor cgroups, nor accounting is needed; root is, because Slurm starts jobs in their users' names. The
partition `spot` gives way to `main`: a preempted job has ten seconds before it is put back into the queue.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from tests.cluster.cannot_start import CannotStart
from tests.cluster.free_ports import free_ports

NODES = 2
GPUS_PER_NODE = 2
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
PACKAGES = "slurm-wlm munge"
START_S = 30.0
HOLD_S = 10
"""Slurm holds a requeued job for as long as its credentials live, and a second more."""

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
AuthType=auth/munge
AuthInfo=socket={here}/munge/socket,cred_expire={hold_s}
SlurmUser=root
SlurmdUser=root
StateSaveLocation={here}/state
SlurmdSpoolDir={here}/%n
SlurmctldPidFile={here}/slurmctld.pid
SlurmdPidFile={here}/%n.pid
SlurmctldLogFile={here}/slurmctld.log
SlurmdLogFile={here}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
SlurmdParameters=config_overrides
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
KillWait=5
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=spot Nodes=ALL State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=10
"""


class SlurmCluster:
    """One controller and its nodes, in one folder.

    Args:
        here: an empty folder with a short name: a socket's path has at most 107 characters.
    """

    def __init__(self, here: Path) -> None:
        self.here = here
        self.configuration = here / "slurm.conf"
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start everything, and wait until the nodes are idle.

        Raises:
            CannotStart: a program is missing, this is not root, or a daemon ends.
        """
        if os.geteuid():
            raise CannotStart("only root can start Slurm")
        if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
            raise CannotStart(f"no {', '.join(missing)} here; on Debian: apt-get install {PACKAGES}")
        self._configure()
        self._daemon("munged", "--foreground", "--force", *self._munge_options())
        self._wait_for((self.here / "munge" / "socket").exists, "munged makes its socket")
        self._daemon("slurmctld", "-D", "-c", "-i")
        for number in range(1, NODES + 1):
            self.start_node(f"n{number}")
        self._wait_for(lambda: self.nodes("idle") == NODES, "the nodes are idle")
        probe = self.here / "probe"
        self.call("sbatch", "--gres=gpu:1", "-o", str(probe), "--wrap", 'echo "GPU $CUDA_VISIBLE_DEVICES"')
        self._wait_for(lambda: probe.exists() and "GPU 0" in probe.read_text(), "a job runs, and has a GPU")
        self._wait_for(lambda: not self.queue(), "the job ends")

    def start_node(self, name: str) -> None:
        """Start a node's daemon."""
        self._daemon("slurmd", "-D", "-N", name)

    def stop(self) -> None:
        """End all daemons, and every process that a job of this Slurm has left."""
        for daemon in reversed(self._daemons):
            daemon.kill()
            daemon.wait()
        for pid in self.processes_of_jobs():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def lose(self, node: str) -> None:
        """Let the controller lose sight of a node, whose processes go on."""
        pids = [int((self.here / f"{node}.pid").read_text()), *self._stewards(node)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.call("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")

    def call(self, *command: str) -> str:
        """Run a command of Slurm's that must succeed; return what it prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which Slurm's commands find this one."""
        return os.environ | {"SLURM_CONF": str(self.configuration)}

    def queue(self) -> dict[str, str]:
        """Return the state of each task in the queue, such as `R`."""
        lines = self.call("squeue", "--noheader", "--array", "-o", "%i %t").splitlines()
        return dict(line.split(maxsplit=1) for line in lines)

    def restarts(self, task: str) -> int:
        """Return how often a task was started again."""
        words = self.call("scontrol", "show", "job", task).split()
        return int(next(word for word in words if word.startswith("Restarts=")).removeprefix("Restarts="))

    def nodes(self, state: str) -> int:
        """Return how many nodes are in a state; 0 if the controller does not answer."""
        command = ["sinfo", "--noheader", "--Node", "-o", "%N %t"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return len({line for line in done.stdout.splitlines() if line.endswith(f" {state}")})

    def processes_of_jobs(self) -> Iterator[int]:
        """Return the processes that run in jobs of this Slurm, however far they are from it."""
        wanted = f"SLURM_CONF={self.configuration}".encode()
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal() and int(folder.name) != os.getpid():
                with suppress(OSError):
                    variables = (folder / "environ").read_bytes().split(b"\0")
                    if wanted in variables and any(each.startswith(b"SLURM_JOB_ID=") for each in variables):
                        yield int(folder.name)

    def _configure(self) -> None:
        for name in ("munge", "state", "gpu"):
            (self.here / name).mkdir()
        key = self.here / "munge" / "key"
        key.touch(0o600)
        key.write_bytes(os.urandom(1024))
        for number, device in enumerate(("/dev/null", "/dev/zero")):  # Slurm wants devices; nobody opens them
            (self.here / "gpu" / f"gpu{number}").symlink_to(device)
        controller_port, *ports = free_ports(NODES + 1)
        host = socket.gethostname().split(".")[0]
        nodes = [
            f"NodeName=n{number} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 RealMemory=4000 "
            f"Gres=gpu:{GPUS_PER_NODE} State=UNKNOWN"
            for number, port in enumerate(ports, start=1)
        ]
        own = {"host": host, "here": self.here, "controller_port": controller_port, "hold_s": HOLD_S}
        self.configuration.write_text(CONFIGURATION.format(nodes="\n".join(nodes), **own))
        (self.here / "gres.conf").write_text(
            f"AutoDetect=off\nNodeName=n[1-{NODES}] Name=gpu File={self.here}/gpu/gpu[0-{GPUS_PER_NODE - 1}]\n"
        )
        for number in range(1, NODES + 1):
            (self.here / f"n{number}").mkdir()

    def _munge_options(self) -> list[str]:
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        return [f"--{option}={self.here / 'munge' / file}" for option, file in files.items()]

    def _daemon(self, program: str, *options: str) -> None:
        with (self.here / "daemons.log").open("ab") as log:
            daemon = subprocess.Popen(
                [program, *options], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self._daemons.append(daemon)

    def _wait_for(self, condition: Callable[[], object], what: str) -> None:
        end_s = time.monotonic() + START_S
        while not condition():
            ended = [daemon for daemon in self._daemons if daemon.poll() is not None]
            if ended or time.monotonic() > end_s:
                why = (
                    f"{ended[0].args!r} ended with {ended[0].returncode}"
                    if ended
                    else f"not within {START_S:g} s: {what}"
                )
                raise CannotStart(f"{why}; {' | '.join(self._last_lines())}")
            time.sleep(0.05)

    def _last_lines(self) -> list[str]:
        logs = [self.here / "daemons.log", *self.here.glob("slurmctld.log"), *self.here.glob("n*.log")]
        return [line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines()[-2:]]

    def _stewards(self, node: str) -> Iterator[int]:
        """Return the processes by which a node's daemon looks after jobs, one each."""
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with suppress(OSError):
                    if (folder / "comm").read_text().strip() == "slurmstepd" and node in self._node_of(folder):
                        yield int(folder.name)

    def _node_of(self, process: Path) -> str:
        # A steward works in its node's spool folder, and has its log open.
        links = [process / "cwd", *(process / "fd").iterdir()]
        return " ".join(link.name for path in links if (link := Path(os.path.realpath(path))).is_relative_to(self.here))
