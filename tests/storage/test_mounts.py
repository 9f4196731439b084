"""The kind of file system that a folder is on."""

import os
from pathlib import Path

import pytest

from benchmark.storage.mounts import Mount, is_on_network, mount_of

TABLE = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=remount-ro
30 22 0:40 / /data rw,relatime shared:7 master:2 - nfs4 server:/data rw,vers=4.2,local_lock=none
31 22 0:41 / /data/old rw - nfs server:/old rw,vers=3,nolock,local_lock=all
32 22 0:42 / /scratch rw - lustre mgs@tcp:/fs rw,flock,lazystatfs
33 22 0:43 / /scratch2 rw - lustre mgs@tcp:/fs rw,localflock
34 22 0:44 / /my\040share rw - cifs //server/share rw,nobrl
35 30 8:2 / /data rw - xfs /dev/sdb rw
no line of a mount
"""


@pytest.fixture
def table(monkeypatch):
    """Let the system tell of other file systems; the last on /data hides the first."""
    read = Path.read_text

    def read_table(path, *args, **named):
        return TABLE if str(path) == "/proc/self/mountinfo" else read(path, *args, **named)

    monkeypatch.setattr(Path, "read_text", read_table)
    monkeypatch.setattr(os.path, "realpath", str)


@pytest.mark.parametrize(
    ("path", "kind", "is_network", "has_local_locks"),
    [
        ("/home/me", "ext4", False, False),
        ("/data/images", "xfs", False, False),
        ("/data/old/images", "nfs", True, True),
        ("/database", "ext4", False, False),
        ("/scratch/me", "lustre", True, False),
        ("/scratch2", "lustre", True, True),
        ("/my share/images", "cifs", True, True),
    ],
)
def test_what_a_folder_is_on(table, path, kind, is_network, has_local_locks):
    mount = mount_of(Path(path))
    assert (mount.kind, mount.is_network) == (kind, is_network)
    assert mount.has_local_locks == has_local_locks
    assert is_on_network(Path(path)) == is_network


def test_nfs_has_locks_unless_it_says_otherwise():
    assert not Mount("nfs4", frozenset({"rw", "local_lock=none"})).has_local_locks
    assert Mount("nfs4", frozenset({"rw", "local_lock=flock"})).has_local_locks


def test_where_the_system_does_not_tell_nothing_is_known(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert mount_of(tmp_path) is None
    assert not is_on_network(tmp_path)


def test_this_machine_tells(tmp_path):
    assert not is_on_network(tmp_path) or mount_of(tmp_path)
