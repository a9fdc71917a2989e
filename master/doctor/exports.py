"""Whether this host exports a folder over NFS, by the files of its NFS servers: the kernel's and NFS-Ganesha.

Sources: exports(5); ganesha-export-config(8) and ganesha-core-config(8), also for the defaults.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hyperspool.common.mounts import unescaped

SYSTEM = Path("/")
KERNEL_LEASE_S = 90.0
GANESHA_LEASE_S = 60.0
PORT = 2049
IN_USE = ("proc/fs/nfsd/exports", "proc/fs/nfs/exports")
LISTENERS = ("proc/net/tcp", "proc/net/tcp6")
LISTEN = "0A"
"""The state of a listening socket in /proc/net/tcp."""


@dataclass(frozen=True)
class Export:
    """A folder that this host exports over NFS.

    Attributes:
        path: the folder.
        source: the file that says so.
        lease_s: after how many seconds the server frees the locks of a client that it does not hear of.
        is_cached: the server may show its clients for a minute what was there before this host changed it.
    """

    path: Path
    source: Path
    lease_s: float
    is_cached: bool = False


def export_of(folder: Path, system: Path = SYSTEM) -> Export | None:
    """The innermost export that a folder lies in; None if no file that can be read says so.

    Args:
        folder: a folder of this host.
        system: what stands for the root of the file system, with `proc` and `etc`.
    """
    resolved = folder.resolve()
    found = [export for export in _exports(system) if resolved.is_relative_to(export.path)]
    return max(found, key=lambda export: len(export.path.parts), default=None)


def is_serving(system: Path = SYSTEM) -> bool:
    """Whether a process of this host listens on the port of NFS."""
    return any(has_listener(_text(system / name), PORT) for name in LISTENERS)


def has_listener(table: str, port: int) -> bool:
    """Whether a table as `/proc/net/tcp` is shows a socket that listens on a port."""
    wanted = f":{port:04X}"
    rows = (line.split() for line in table.splitlines()[1:])
    return any(row[1].endswith(wanted) and row[3] == LISTEN for row in rows if len(row) > 3)  # noqa: PLR2004 - to index 3


def kernel_paths(text: str) -> Iterator[Path]:
    """The folders in `exports` as the kernel shows them, without the roots that only lead NFSv4 clients to them."""
    for line in text.splitlines():
        path, _, clients = line.partition("\t")
        if path.startswith("/") and not re.search(r"[(,]v4root[,)]", clients):
            yield Path(unescaped(path))


def exportfs_paths(text: str) -> Iterator[Path]:
    """The folders that a file as `/etc/exports` is exports."""
    for line in text.replace("\\\n", " ").splitlines():
        if match := re.match(r'\s*(?:"(/[^"]*)"|(/\S*))\s+[^\s#]', line):
            yield Path(unescaped(match[1] or match[2]))


def ganesha_exports(text: str, source: Path) -> Iterator[Export]:
    """The exports of a configuration of NFS-Ganesha."""
    plain = re.sub(r"#.*", "", text)
    lease = re.search(r"\bLease_Lifetime\s*=\s*(\d+)", plain, re.IGNORECASE)
    lease_s = float(lease[1]) if lease else GANESHA_LEASE_S
    for match in re.finditer(r"[{;\n]\s*Path\s*=\s*\"?(/[^\";\n]*)", plain, re.IGNORECASE):
        yield Export(Path(match[1].strip()), source, lease_s, is_cached=True)


def _exports(system: Path) -> Iterator[Export]:
    lease = _text(system / "proc/fs/nfsd/nfsv4leasetime").strip()
    lease_s = float(lease) if lease.isdigit() else KERNEL_LEASE_S
    for source in (system / name for name in IN_USE):
        yield from (Export(path, source, lease_s) for path in kernel_paths(_text(source)))
    for source in (system / "etc/exports", *sorted((system / "etc/exports.d").glob("*.exports"))):
        yield from (Export(path, source, lease_s) for path in exportfs_paths(_text(source)))
    for source in sorted((system / "etc/ganesha").glob("*.conf")):
        yield from ganesha_exports(_text(source), source)


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="surrogateescape")
    return ""
