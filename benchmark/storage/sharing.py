"""What a user must know of a folder that several machines share."""

import os
from contextlib import suppress
from pathlib import Path

from benchmark.storage.lock import PROCESSES_LOCK, lock_handle
from benchmark.storage.mounts import mount_of
from benchmark.storage.owner import temporary_path
from benchmark.storage.owner_file import SECONDS_UNTIL_LOST


def lock_note(folder: Path, what: str) -> str:
    """Return what the locks in a folder are good for between machines; '' if they may be relied on.

    `what` says what is in the folder: "the cache".
    """
    existing = next((path for path in (folder, *folder.parents) if path.is_dir()), None)
    mount = mount_of(folder)
    if existing is None or not PROCESSES_LOCK:
        return ""
    kind = f" ({mount.kind})" if mount else ""
    if not _has_locks(existing):
        how = f"has no locks{kind}"
    elif mount and mount.is_network and mount.has_local_locks:
        how = f"has locks that only the processes of one machine see{kind}"
    else:
        return ""
    return (
        f"{what} in {folder} is on a file system that {how}: processes are kept apart by files "
        f"that each of them touches. One that was halted for more than {SECONDS_UNTIL_LOST:.0f} s, "
        "as on a machine that was suspended, may find that another has gone on in its place"
    )


def _has_locks(folder: Path) -> bool:
    """Return whether a file of a folder can be locked; True if none can be made there."""
    path = temporary_path(folder / "lock")
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            return lock_handle(handle, wait=False)
        finally:
            os.close(handle)
            path.unlink()
    return True
