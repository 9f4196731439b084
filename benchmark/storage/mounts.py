"""The kind of file system that a folder is on, as Linux tells; elsewhere it is not known."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

# of /proc/self/mountinfo, see proc_pid_mountinfo(5)
_MOUNT = re.compile(
    r"\S+ \S+ \S+ \S+ (?P<point>\S+) (?P<own>\S+) .*?- (?P<kind>\S+) \S+ (?P<all>\S+)"
)
_ESCAPE = re.compile(r"\\([0-7]{3})")  # of a space in a path, and of others
_NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "coda"),
        *("lustre", "ceph", "gpfs", "beegfs", "glusterfs", "pvfs2", "orangefs", "wekafs", "panfs"),
        *("fuse.sshfs", "fuse.ceph", "fuse.glusterfs", "fuse.juicefs", "fuse.rclone"),
        *("fuse.s3fs", "fuse.gcsfuse", "fuse.lustre", "fuse.beegfs", "fuse.nfs"),
    }
)
# options under which the locks of a kind are seen by the processes of one machine alone, or by none
_LOCAL_LOCKS = {
    "nfs": {"nolock", "local_lock=flock", "local_lock=all"},
    "nfs4": {"nolock", "local_lock=flock", "local_lock=all"},
    "cifs": {"nobrl"},
    "smb3": {"nobrl"},
    "lustre": {"localflock", "noflock"},
    "9p": {"cache=loose", "cache=fscache"},
}


@dataclass(frozen=True)
class Mount:
    """What a folder is on."""

    kind: str
    options: frozenset[str]

    @property
    def is_network(self) -> bool:
        """Whether other machines may write and remove what is on it."""
        return self.kind in _NETWORK

    @property
    def has_local_locks(self) -> bool:
        """Whether its locks are known to work between the processes of one machine alone."""
        return bool(_LOCAL_LOCKS.get(self.kind, set()) & self.options)


def mount_of(path: Path) -> Mount | None:
    """Return what a file or folder is on; None if the system does not tell."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        real = os.path.realpath(path)
    except OSError:
        return None
    longest: tuple[int, Mount] | None = None
    for mount in filter(None, map(_MOUNT.match, lines.splitlines())):
        point = _ESCAPE.sub(lambda code: chr(int(code[1], 8)), mount["point"])
        is_above = real == point or real.startswith(point.rstrip("/") + "/")
        if is_above and (longest is None or len(point) >= longest[0]):  # the last hides the others
            options = frozenset(f"{mount['own']},{mount['all']}".split(","))
            longest = len(point), Mount(mount["kind"], options)
    return longest[1] if longest else None


def is_on_network(path: Path) -> bool:
    """Return whether a file or folder is known to be on a network file system."""
    mount = mount_of(path)
    return mount is not None and mount.is_network
