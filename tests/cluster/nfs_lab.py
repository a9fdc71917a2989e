"""A lab on one machine: an NFS server and two hosts that mount its folder, each with a kernel of its own.

The server is nfs-ganesha, a program. The hosts are User-Mode Linux: kernels that are programs too. Their root is this
machine's, read-only; what they may write is the shared folder. A bridge in a network namespace of its own joins them,
so no packet leaves the machine. Killing a host's processes is a power cut.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.cluster.cannot_start import CannotStart
from tests.processes import REPOSITORY

PROGRAMS = ("ganesha.nfsd", "linux.uml", "ip", "nsenter", "mount.nfs4")
PACKAGES = "nfs-ganesha nfs-ganesha-vfs user-mode-linux uml-utilities kmod iproute2 nfs-common"
PORT = 20490
MOUNT = Path("/mnt/shared")
START_S = 60.0
NET = "10.79.0"

CONFIGURATION = """
NFS_CORE_PARAM {{ NFS_Protocols = 4; NFS_Port = {port}; Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false;
  Plugins_Dir = {plugins}; }}
NFSv4 {{ Grace_Period = 5; Lease_Lifetime = {lease_s}; Graceless = true; RecoveryBackend = fs;
  RecoveryRoot = {here}/recovery; Minor_Versions = 1, 2; Only_Numeric_Owners = true; }}
EXPORT {{ Export_Id = 1; Path = {here}/export; Pseudo = /export; Protocols = 4; Transports = TCP; SecType = sys;
  Access_Type = RW; Squash = No_Root_Squash; FSAL {{ Name = VFS; }}
  CLIENT {{ Clients = *; Access_Type = RW; Squash = No_Root_Squash; }} }}
"""

# The first process of a host. It mounts the folder, then runs each script that appears in its folder on this machine,
# all at once, with their process numbers beside their output.
FIRST_PROCESS = """#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run
for each in proc:/proc sysfs:/sys tmpfs:/run tmpfs:/mnt devtmpfs:/dev; do
  mount -t ${{each%%:*}} none ${{each##*:}}
done
mkdir -p /dev/shm {mount}; mount -t tmpfs none /dev/shm
hostname {name}; ip link set lo up; ip address add {address}/24 dev vec0; ip link set vec0 up
modules=/usr/lib/uml/modules/$(uname -r)/kernel
for module in fs/nfs_common/grace net/sunrpc/sunrpc net/dns_resolver/dns_resolver fs/netfs/netfs fs/fscache/fscache \\
  fs/lockd/lockd fs/nfs/nfs fs/nfs/nfsv4; do [ -e $modules/$module.ko ] && insmod $modules/$module.ko; done
mount -t nfs4 -o port={port},minorversion=2,hard {net}.1:/export {mount} || exit 1
mkdir -p {place}; touch {place}/up
number={first}
while :; do
  if [ -n "$(ls {scripts} | grep -x $number.sh)" ]; then
    bash {scripts}/$number.sh >{place}/$number.out 2>&1 </dev/null &
    echo $! >{place}/$number.pid; number=$((number + 1))
  else sleep 0.2; fi
done
"""


class NfsHost:
    """One of the hosts.

    Args:
        lab: whose folder it mounts.
        number: 1 or 2.
    """

    def __init__(self, lab: "NfsLab", number: int) -> None:
        self._lab, self._number, self.name = lab, number, f"host{number}"
        self._scripts = lab.here / f"{self.name}-scripts"
        self._count = self._boots = 0
        self._kernel: subprocess.Popen[bytes] | None = None

    def switch_on(self) -> None:
        """Begin to boot it."""
        # What an earlier boot has left stays: the server ends if files go behind its back that a client had open.
        self._boots += 1
        self._scripts.mkdir(exist_ok=True)
        init = self._lab.here / f"{self.name}-init"
        init.write_text(
            FIRST_PROCESS.format(
                name=self.name,
                address=f"{NET}.1{self._number}",
                net=NET,
                port=PORT,
                mount=MOUNT,
                scripts=self._scripts,
                place=self._place,
                first=self._count,
            )
        )
        init.chmod(0o755)
        card = f"transport=tap,ifname=tap{self._number},depth=64,gro=0,mac=02:00:00:00:00:1{self._number}"
        kernel = ["linux.uml", f"umid={self._lab.here.name}-{self._number}", "mem=400M", "root=/dev/root"]
        kernel += [
            "rootfstype=hostfs",
            "rootflags=/",
            "ro",
            f"init={init}",
            f"vec0:{card}",
            "con=null",
            "con0=null,fd:1",
        ]
        command = ["nsenter", f"--net=/run/netns/{self._lab.namespace}", *kernel]
        own = {"HOME": str(self._lab.here)}
        with (self._lab.here / f"{self.name}.log").open("wb") as log:
            self._kernel = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=os.environ | own
            )

    def wait_until_up(self) -> None:
        """Wait until it has mounted the folder.

        Raises:
            CannotStart: it ends, or takes too long.
        """
        if self._kernel:
            up = self._lab.export / self._place.name / "up"
            self._lab.wait_for(up.exists, f"{self.name} mounts the folder", self._kernel)

    def cut_power(self) -> None:
        """Kill its kernel with all that runs in it."""
        if self._kernel and self._kernel.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._kernel.pid, signal.SIGKILL)
            self._kernel.wait()

    def cut_network(self) -> None:
        """Pull its cable. (A paused kernel would be another way to be away, but this kind dies when it is to go on.)"""
        self._lab.link(self._number, "nomaster")

    def join_network(self) -> None:
        """Plug the cable in again."""
        self._lab.link(self._number, "master", "bridge")

    def start(self, module: str, *arguments: str, notes: str = "other") -> int:
        """Start one of the project's commands in the shared folder.

        Args:
            module: of the command.
            *arguments: its arguments.
            notes: a folder for what its objectives note, and the gates that they wait for.

        Returns:
            Its number on this host.
        """
        words = " ".join([f"'{sys.executable}'", "-m", module, *(f"'{word}'" for word in arguments)])
        place = self._place / notes
        kept = f"PYTHONPATH='{REPOSITORY}' PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 NOTES={place}/notes"
        return self.run(f"mkdir -p {place}; cd '{REPOSITORY}'\nexport {kept}\nexec {words} --root {MOUNT}\n")

    def run(self, text: str) -> int:
        """Run a script of the shell; return its number on this host."""
        script = self._scripts / f"{self._count}.sh"
        new = script.with_suffix(".new")
        new.write_text(text)
        new.rename(script)
        self._count += 1
        return self._count - 1

    def open_gate(self, notes: str) -> None:
        """Let the walks on this host end whose commands have this folder for notes."""
        self.run(f"cd {self._place}/{notes} && touch go go0")

    def printed(self, number: int) -> str:
        """Return what a command has printed."""
        return "".join(path.read_text() for path in self._lab.export.glob(f"{self.name}-*/{number}.out"))

    def noted(self, notes: str) -> list[str]:
        """Return the lines that objectives have noted on this host in such a folder."""
        found = sorted(self._lab.export.glob(f"{self.name}-*/{notes}/notes"))
        return [line for path in found for line in path.read_text().splitlines()]

    @property
    def _place(self) -> Path:
        """The folder of this boot, as the hosts see it."""
        return MOUNT / f"{self.name}-{self._boots}"


class NfsLab:
    """The server, the network, and two hosts.

    Args:
        here: an empty folder.
        lease_s: so long the server keeps the locks of a host that it does not hear.
    """

    def __init__(self, here: Path, lease_s: int) -> None:
        self.here, self.export, self.lease_s = here, here / "export", lease_s
        self.namespace = here.name
        self._server: subprocess.Popen[bytes] | None = None
        self.hosts = (NfsHost(self, 1), NfsHost(self, 2))

    def start(self) -> None:
        """Start all of it.

        Raises:
            CannotStart: a program is missing, this is not root, or the machine does not allow it.
        """
        if os.geteuid():
            raise CannotStart("only root can make a network")
        if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
            raise CannotStart(f"no {', '.join(missing)} here; on Debian: apt-get install {PACKAGES}")
        plugins = next(Path("/usr/lib").rglob("libfsalvfs.so"), None)
        if plugins is None:
            raise CannotStart("no nfs-ganesha-vfs here")
        for name in ("export", "recovery"):
            (self.here / name).mkdir()
        self._make_network()
        configuration = self.here / "ganesha.conf"
        own = {"here": self.here, "port": PORT, "plugins": plugins.parent, "lease_s": self.lease_s}
        configuration.write_text(CONFIGURATION.format(**own))
        files = ["-f", str(configuration), "-L", str(self.here / "ganesha.log"), "-p", str(self.here / "ganesha.pid")]
        self._server = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{self.namespace}", "ganesha.nfsd", "-F", *files],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.wait_for(self._listens, "the server listens", self._server)
        for host in self.hosts:
            host.switch_on()
        for host in self.hosts:
            host.wait_until_up()

    def need_speed(self) -> None:
        """Check that the hosts start a worker in reasonable time, which is a tenth of that on an idle machine.

        Raises:
            CannotStart: they do not.
        """
        numbers = [(host, host.start("worker", "--wait", "0.1")) for host in self.hosts]
        if self._server:
            self.wait_for(
                lambda: all("leaving" in host.printed(number) for host, number in numbers),
                "workers start",
                self._server,
            )

    def stop(self) -> None:
        """End all of it."""
        for host in self.hosts:
            host.cut_power()
        if self._server:
            self._server.kill()
            self._server.wait()
        subprocess.run(["ip", "netns", "delete", self.namespace], capture_output=True, check=False)

    def wait_for(self, condition: Callable[[], object], what: str, process: "subprocess.Popen[bytes]") -> None:
        """Wait for something that a process is to do.

        Raises:
            CannotStart: it ends, or takes too long.
        """
        end_s = time.monotonic() + START_S
        while not condition():
            if process.poll() is not None or time.monotonic() > end_s:
                logs = [path.read_text(errors="replace").splitlines()[-3:] for path in self.here.glob("*.log")]
                raise CannotStart(f"{what}: not within {START_S:g} s; {logs}")
            time.sleep(0.05)

    def link(self, number: int, *change: str) -> None:
        """Change the link of a host to the bridge."""
        subprocess.run(["ip", "-n", self.namespace, "link", "set", f"tap{number}", *change], check=True)

    def _make_network(self) -> None:
        inside = ["ip", "-n", self.namespace]
        commands = [["ip", "netns", "add", self.namespace], [*inside, "link", "set", "lo", "up"]]
        commands += [[*inside, "link", "add", "bridge", "type", "bridge"]]
        commands += [
            [*inside, "address", "add", f"{NET}.1/24", "dev", "bridge"],
            [*inside, "link", "set", "bridge", "up"],
        ]
        for number in (1, 2):
            commands += [[*inside, "tuntap", "add", "dev", f"tap{number}", "mode", "tap"]]
            commands += [[*inside, "link", "set", f"tap{number}", "master", "bridge", "up"]]
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise CannotStart(f"{' '.join(command)}: {done.stderr.strip()}")

    def _listens(self) -> bool:
        pid = self._server.pid if self._server else 0
        tables = [Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6")]
        return any(f":{PORT:04X} " in path.read_text() for path in tables if path.exists())
