"""What one picture may take: bytes of its file, pixels, memory and time.

A small file may ask for any amount of the last three. The limits of memory and time are the
kernel's, so they hold inside a decoder too. They are set in worker processes alone.
"""

import mmap
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    HAS_LIMITS = False
else:
    HAS_LIMITS = True

MAX_BYTES = 600_000_000  # of a file: MAX_PIXELS of 16 bits a channel, not packed
MAX_PIXELS = 89_478_485  # Pillow's own limit: 256 MiB as RGB
MEMORY = 1_100_000_000  # bytes that a picture may take beside its file and the process
COMPUTING = 60  # seconds of processor time for a picture, hundreds of times what a large one takes
WAITING = 600  # seconds in all: of a disk or a network that does not answer

# how a process ends that the kernel stops at these limits
OF_COMPUTING, OF_WAITING = "SIGPROF", "SIGALRM"

_MEMORY_OF_PROCESS = Path("/proc/self/statm")  # in pages; the sixth number: of data
_state = {"limited": False}


@contextmanager
def memory_limited() -> Iterator[None]:
    """Let this process take no more than MEMORY beyond what it has, where the system can do so."""
    if not (HAS_LIMITS and _MEMORY_OF_PROCESS.exists()):  # not Linux
        yield
        return
    pages = int(_MEMORY_OF_PROCESS.read_text(encoding="ascii").split()[5])
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit = pages * mmap.PAGESIZE + MEMORY
    if any(0 <= other < limit for other in before):  # a lower one is the user's
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    _state["limited"] = True
    try:
        yield
    finally:
        _state["limited"] = False
        resource.setrlimit(resource.RLIMIT_DATA, before)


def reached_memory_limit() -> bool:
    """Tell whether memory ended at the limit of a picture, and the machine has more of it."""
    if not _state["limited"]:
        return False
    with suppress(OSError, ValueError), memory_lifted(), mmap.mmap(-1, MEMORY):  # never touched
        return True
    return False


@contextmanager
def memory_lifted() -> Iterator[None]:
    """Let the process take any memory for a moment."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def start_clock(computing: float = COMPUTING, waiting: float = WAITING) -> None:
    """End this process after so many seconds, by OF_COMPUTING or OF_WAITING; 0: never.

    The kernel does it, as no Python code runs while a decoder does.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, computing)
        signal.setitimer(signal.ITIMER_REAL, waiting)


def stop_clock() -> None:
    """Let this process run on."""
    start_clock(0, 0)
