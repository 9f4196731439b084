"""The peak memory of a process and all its descendants, sampled from /proc.

Pages that processes share are divided among them (Pss), so that the sum counts each once.
"""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

SECONDS_BETWEEN_SAMPLES = 1.0  # a look takes some 40 ms, which the watched program lacks
SAMPLES_A_LOOK_AT_THE_GPU = 1  # nvidia-smi is a process of its own
PARTS = {  # bytes of what, by the names of smaps_rollup
    "all": ("Pss",),
    "anonymous": ("Pss_Anon", "Pss_Shmem"),  # what only this program holds; no file backs it
    "files": ("Pss_File",),  # mapped files: stores, libraries; the kernel may drop them
}


class MemoryWatch:
    """Watches the tree of a process while the context is open; `peak` holds bytes by part.

    Parameters
    ----------
    process
        Id of the root of the tree.
    gpu
        Whether to ask nvidia-smi too: "gpu" is then the most memory used on a GPU beyond what was
        in use at the beginning.
    """

    def __init__(self, process: int, *, gpu: bool = False) -> None:
        self.process, self.gpu = process, gpu
        self.peak: dict[str, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        before, looks = gpu_memory() if self.gpu else [], 0
        while True:
            now = tree_memory(self.process)
            if before and looks % SAMPLES_A_LOOK_AT_THE_GPU == 0:
                used = [b - a for a, b in zip(before, gpu_memory(), strict=False)]
                now["gpu"] = max([0, *used])
            looks += 1
            for part, size in now.items():
                self.peak[part] = max(size, self.peak.get(part, 0))
            if self._over.wait(SECONDS_BETWEEN_SAMPLES):
                return


def tree_memory(root: int) -> dict[str, int]:
    """Return bytes by part of a process and its descendants; what has ended counts nothing."""
    total = dict.fromkeys(PARTS, 0)
    for process in descendants(root):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        except (OSError, ValueError):  # ended meanwhile
            continue
        sizes = {
            words[0].rstrip(":"): int(words[1]) * 1024
            for line in text.splitlines()[1:]
            if len(words := line.split()) == 3  # "Pss:  123 kB"
        }
        for part, names in PARTS.items():
            total[part] += sum(sizes.get(name, 0) for name in names)
    return total


def descendants(root: int) -> list[int]:
    """Return `root` and every process below it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # the name in brackets may hold anything; after it come state and parent
            parent = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    tree = [root]
    for process in tree:  # grows while it is read
        tree += children.get(process, [])
    return tree


def gpu_memory() -> list[int]:
    """Return bytes in use on each GPU; empty where nvidia-smi can't tell."""
    asked = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)
        return [int(line) * 2**20 for line in told.stdout.split()]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
