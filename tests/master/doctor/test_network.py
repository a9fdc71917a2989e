from pathlib import Path

import pytest

from hyperspool.master.doctor.exports import exportfs_paths, has_listener, kernel_paths
from hyperspool.master.doctor.finding import Finding, Verdict
from hyperspool.master.doctor.network import examine_network

# As a client with the kernel 6.1 shows a mount of NFS 4.2.
OPTIONS = "rw,vers=4.2,rsize=1048576,hard,proto=tcp,timeo=600,local_lock=none,addr=10.78.0.1"
STATISTICS = """\
device rootfs mounted on / with fstype rootfs
device 10.78.0.9:/exp mounted on /mnt/other with fstype nfs4 statvers=1.1
\tnfsv4:\tbm0=0xfdffafff,acl=0x1,sessions,pnfs=not configured,lease_time=45,lease_expired=0
device 10.78.0.1:/exp mounted on {point} with fstype nfs4 statvers=1.1
\topts:\trw,vers=4.2,acregmin=3,acregmax=60,acdirmin=30,acdirmax=60,hard
\tnfsv4:\tbm0=0xfdffafff,acl=0x1,sessions,pnfs=not configured,lease_time=10,lease_expired=0
device tmpfs mounted on /run with fstype tmpfs
"""
LISTENER = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 00000000:0801 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100007F:1F90 0100007F:0801 01 00000000:00000000 00:00000000 00000000     0
"""
KERNEL = """\
# Version 1.1
# Path Client(Flags) # IPs
/\t*(ro,root_squash,sync,no_wdelay,v4root,fsid=0,uuid=83d8)
{path}\t10.0.0.0/8(rw,no_root_squash,sync,wdelay,no_subtree_check)
"""
GANESHA = """\
NFSv4 {{ Lease_Lifetime = 25; }}  # Path = /not-this
EXPORT {{ Export_Id = 1; Path = {path}; Pseudo = /exp; }}
"""


def findings(root: Path, system: Path, kind: str = "ext4", options: str = "rw") -> dict[str, Finding]:
    """The findings on a folder that is a mount of this kind."""
    mounts = system / "mountinfo"
    mounts.write_text(f"22 1 0:9 / {root} rw - {kind} 10.78.0.1:/exp {options}\n")
    return {found.check: found for found in examine_network(root, mounts, system)}


@pytest.fixture
def system(tmp_path: Path) -> Path:
    for folder in ("proc/net", "proc/self", "proc/fs/nfsd", "etc/ganesha"):
        (tmp_path / "system" / folder).mkdir(parents=True)
    return tmp_path / "system"


def test_a_local_folder_is_seen_by_its_own_host(root: Path, system: Path) -> None:
    found = findings(root, system)
    assert found.keys() == {"seen by"}
    assert "this host alone" in found["seen by"].found
    assert "by custom" in found["seen by"].found  # a test's folder lies in /tmp
    in_memory = findings(root, system, "tmpfs")["seen by"]
    assert (in_memory.verdict, in_memory.follows) == (Verdict.WARNING, "the search is gone when it restarts")


def test_an_export_of_the_kernel_is_found_with_its_lease(root: Path, system: Path) -> None:
    (system / "proc/fs/nfsd/exports").write_text(KERNEL.format(path=root.parent))
    (system / "proc/fs/nfsd/nfsv4leasetime").write_text("30\n")
    found = findings(root / "jobs", system)
    assert found["seen by"].verdict is Verdict.OK
    assert f"those that mount {root.parent}, which it exports over NFS" in found["seen by"].found
    assert "30 s after" in found["dead hosts"].found
    assert "after limits.stale_s (60 s" in found["dead hosts"].follows


def test_an_export_of_ganesha_shows_changes_late(root: Path, system: Path) -> None:
    (system / "etc/ganesha/ganesha.conf").write_text(GANESHA.format(path=root))
    found = findings(root, system)
    assert (found["seen by"].verdict, "up to a minute" in found["seen by"].follows) == (Verdict.WARNING, True)
    assert "25 s after" in found["dead hosts"].found


def test_a_server_whose_exports_are_hidden_is_a_warning(root: Path, system: Path) -> None:
    (system / "proc/net/tcp").write_text(LISTENER)
    found = findings(root, system)["seen by"]
    assert (found.verdict, "port 2049" in found.found) == (Verdict.WARNING, True)
    assert not has_listener(LISTENER, 8080)  # a connection to it


def test_exports_are_read_as_their_servers_read_them() -> None:
    assert list(kernel_paths(KERNEL.format(path="/srv/the\\040lab"))) == [Path("/srv/the lab")]
    text = '# /old host\n"/srv/a b" *(rw)\n/srv/c \\\n  host1(rw) host2(ro)\n/alone\n\t/d\\040e @group(rw) # remark\n'
    assert list(exportfs_paths(text)) == [Path("/srv/a b"), Path("/srv/c"), Path("/d e")]


def test_a_client_says_its_servers_lease_and_caches(root: Path, system: Path) -> None:
    assert "90 s after" in findings(root, system, "nfs4", OPTIONS)["dead hosts"].found
    (system / "proc/self/mountstats").write_text(STATISTICS.format(point=root))
    found = findings(root, system, "nfs4", OPTIONS)
    assert found["seen by"].found == "every host that mounts 10.78.0.1:/exp"
    assert "10 s after" in found["dead hosts"].found
    assert found["caches"].verdict is Verdict.OK
    assert "of folders for 30 to 60 s, of files for 3 to 60 s; a name that" in found["caches"].found


@pytest.mark.parametrize(
    ("more", "verdict", "words"),
    [
        ("acregmin=1,acregmax=1,acdirmin=1,acdirmax=1,lookupcache=pos", Verdict.OK, "of names, only those"),
        ("lookupcache=none", Verdict.OK, "names are asked for each time"),
        ("nocto,acdirmin=5,acdirmax=9", Verdict.WARNING, "of folders for 5 to 9 s"),
        ("noac,acregmin=0,acregmax=0,acdirmin=0,acdirmax=0", Verdict.WARNING, "none (noac)"),
    ],
)
def test_options_of_a_mount_change_what_is_cached(
    root: Path, system: Path, more: str, verdict: Verdict, words: str
) -> None:
    found = findings(root, system, "nfs4", f"{OPTIONS},{more}")["caches"]
    assert (found.verdict, words in found.found) == (verdict, True), found


def test_locks_of_a_dead_host_stay_over_nfs_3(root: Path, system: Path) -> None:
    found = findings(root, system, "nfs", OPTIONS.replace("vers=4.2", "vers=3"))["dead hosts"]
    assert (found.verdict, "until it runs again" in found.found) == (Verdict.WARNING, True)
