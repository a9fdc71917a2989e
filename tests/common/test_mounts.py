from pathlib import Path

import pytest

from hyperspool.common.locks import why_no_locks
from hyperspool.common.mounts import LockScope, Mount, knowledge_of, mount_of, why_locks_are_local


def mountinfo(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def known(kind: str, options: str) -> LockScope:
    pairs = (option.partition("=") for option in options.split(","))
    mount = Mount(Path("/mnt"), kind, "server", {name: value for name, _, value in pairs})
    return knowledge_of(mount).scope


@pytest.mark.parametrize(
    ("kind", "options", "scope"),
    [
        ("ext4", "rw", LockScope.ALL),
        ("xfs", "rw", LockScope.ALL),
        ("btrfs", "rw", LockScope.ALL),
        ("tmpfs", "rw", LockScope.ALL),
        ("nfs4", "rw,vers=4.2,local_lock=none", LockScope.ALL),
        ("nfs", "rw,vers=3,local_lock=none", LockScope.ALL),
        ("nfs", "rw,vers=3,local_lock=posix", LockScope.HOST),
        ("nfs", "rw,vers=3,nolock,local_lock=all", LockScope.HOST),
        ("nfs", "rw,vers=3,local_lock=flock", LockScope.HOST),
        ("lustre", "rw,flock", LockScope.ALL),
        ("lustre", "rw,localflock", LockScope.HOST),
        ("lustre", "rw", LockScope.UNKNOWN),
        ("cifs", "rw,vers=3.1.1", LockScope.ALL),
        ("cifs", "rw,nobrl", LockScope.HOST),
        ("gfs2", "rw,localflocks", LockScope.HOST),
        ("ocfs2", "rw", LockScope.UNKNOWN),
        ("ceph", "rw", LockScope.ALL),
        ("fuse.sshfs", "rw", LockScope.HOST),
        ("fuse.glusterfs", "rw", LockScope.UNKNOWN),
        ("beegfs", "rw", LockScope.UNKNOWN),
        ("9p", "rw,trans=virtio", LockScope.UNKNOWN),
        ("virtiofs", "rw", LockScope.UNKNOWN),
        ("overlay", "rw", LockScope.UNKNOWN),
        ("fuse.unheard-of", "rw", LockScope.UNKNOWN),
    ],
)
def test_knowledge_of_locks_follows_from_type_and_options(kind: str, options: str, scope: LockScope) -> None:
    assert known(kind, options) is scope


def test_the_innermost_and_latest_mount_counts(tmp_path: Path) -> None:
    mounts = mountinfo(
        tmp_path,
        "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
        f"23 22 0:50 / {tmp_path} rw shared:7 master:1 - nfs4 lab:/a rw,vers=4.2,local_lock=none",
        f"24 22 0:51 / {tmp_path} rw - nfs lab:/b rw,vers=3,nolock,local_lock=all",
        f"25 22 0:52 / {tmp_path}-other rw - tmpfs tmpfs rw",
        "26 22 0:53 / torn",
    )
    found = mount_of(tmp_path / "deep" / "down", mounts)
    assert found is not None
    assert (found.kind, found.source, found.options["vers"]) == ("nfs", "lab:/b", "3")
    elsewhere = mount_of(Path("/"), mounts)
    assert elsewhere is not None
    assert elsewhere.kind == "ext4"


def test_a_blank_in_the_name_of_a_mount_is_read(tmp_path: Path) -> None:
    place = tmp_path / "the lab"
    escaped = str(place).replace(" ", "\\040")
    found = mount_of(place / "x", mountinfo(tmp_path, f"22 1 0:1 / {escaped} rw - nfs4 lab:/ rw"))
    assert found is not None
    assert found.point == place


def test_a_mount_with_locks_of_one_host_is_refused(tmp_path: Path) -> None:
    mounts = mountinfo(tmp_path, f"22 1 0:1 / {tmp_path} rw - nfs lab:/ rw,vers=3,nolock,local_lock=all")
    reason = why_locks_are_local(tmp_path, mounts)
    assert reason == f"{tmp_path} (nfs) does not share locks between hosts: mounted with nolock"


def test_nothing_is_refused_where_nothing_is_known(tmp_path: Path) -> None:
    mounts = mountinfo(tmp_path, f"22 1 0:1 / {tmp_path} rw - virtiofs share rw")
    assert why_locks_are_local(tmp_path, mounts) is None
    assert why_locks_are_local(tmp_path, tmp_path / "no such list") is None


def test_the_disk_of_this_host_is_found_with_good_locks(tmp_path: Path) -> None:
    assert why_locks_are_local(tmp_path) is None
    assert why_no_locks(tmp_path) is None


def test_locks_that_one_host_keeps_to_itself_are_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hyperspool.common.locks.why_locks_are_local", lambda _folder: "they are local")
    assert why_no_locks(tmp_path) == "they are local"
