"""The peak memory of a process and all its descendants, sampled from /proc.

Pages that processes share are divided among them (Pss), so that the sum counts each once.
"""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

SECONDS_BETWEEN_SAMPLES = 1.0  # a sample takes about 40 ms of CPU time from the measured program
SAMPLES_PER_GPU_SAMPLE = 1  # nvidia-smi is a process of its own
KINDS = {  # kind of memory -> its names in smaps_rollup
    "all": ("Pss",),
    "anonymous": ("Pss_Anon", "Pss_Shmem"),  # of this program alone, not backed by a file
    "files": ("Pss_File",),  # mapped files: stores, libraries; the kernel may drop them
}


class MemoryMonitor:
    """Samples the memory of a tree of processes while the context is open.

    Parameters
    ----------
    process
        Id of the root of the tree.
    gpu
        Whether to sample nvidia-smi too: "gpu" is then the most memory used on a GPU beyond what
        was in use at the beginning.

    Attributes
    ----------
    peak
        Largest number of bytes, by kind.
    """

    def __init__(self, process: int, *, gpu: bool = False) -> None:
        self.process, self.gpu = process, gpu
        self.peak: dict[str, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> MemoryMonitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        before, samples = gpu_memory() if self.gpu else [], 0
        while True:
            now = tree_memory(self.process)
            if before and samples % SAMPLES_PER_GPU_SAMPLE == 0:
                used = [b - a for a, b in zip(before, gpu_memory(), strict=False)]
                now["gpu"] = max([0, *used])
            samples += 1
            for kind, size in now.items():
                self.peak[kind] = max(size, self.peak.get(kind, 0))
            if self._over.wait(SECONDS_BETWEEN_SAMPLES):
                return


def tree_memory(root: int) -> dict[str, int]:
    """Return bytes by kind of a process and its descendants; processes that ended count nothing."""
    total = dict.fromkeys(KINDS, 0)
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
        for kind, names in KINDS.items():
            total[kind] += sum(sizes.get(name, 0) for name in names)
    return total


def descendants(root: int) -> list[int]:
    """Return `root` and every process below it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # the name in brackets may contain any character; state and parent follow it
            parent = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    tree = [root]
    for process in tree:  # the list grows meanwhile
        tree += children.get(process, [])
    return tree


def gpu_memory() -> list[int]:
    """Return bytes in use on each GPU; empty where nvidia-smi fails."""
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        return [int(line) * 2**20 for line in done.stdout.split()]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
