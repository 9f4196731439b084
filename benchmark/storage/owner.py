"""Which process something belongs to, on which machine, and whether that process still lives."""

import hashlib
import os
import platform
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """A process, and what tells it from another one that gets the same number later."""

    host: str  # name of the machine, for people
    machine: str  # process numbers can be compared only where it is the same, see `this_machine`
    process: int
    process_start: int  # in the system's own count; 0: not known
    token: str = field(default_factory=lambda: uuid.uuid4().hex)  # of one use of one thing

    @classmethod
    def this_process(cls) -> "Owner":
        """Return this process as an owner, with a token that no other has."""
        process = os.getpid()
        return cls(platform.node(), this_machine(), process, _start_of(process))

    @property
    def name(self) -> str:
        """For people: host and process."""
        return f"{self.host or 'a machine'}, process {self.process}"

    def lives(self) -> bool | None:
        """Return whether the process still lives; None: that can't be known here.

        It is of another machine, or the system does not tell when a process began.
        """
        if self.machine != this_machine():
            return None
        if not process_lives(self.process):
            return False
        start = _start_of(self.process)
        return start == self.process_start if start and self.process_start else None


def this_machine() -> str:
    """Return a digest of this machine, its last start and, in a container, of that.

    Containers may have the same name, and each counts its processes anew.
    """
    parts = [platform.node(), _boot()]
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 -- it leads to no path
    return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()[:16]


def temporary_path(path: Path) -> Path:
    """Return a name beside `path` that no other has, and that says which process has made it."""
    owner = f"{this_machine()[:8]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    return path.with_name(f".{path.name}.{owner}.tmp")


def process_lives(process: int) -> bool:
    """Return whether a process of this machine may live."""
    if os.name == "nt":  # where a signal of 0 would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # of another user
        return True
    return _state_and_start(process)[0] not in ("Z", "X")  # ended, but its parent has not asked


@cache
def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def _start_of(process: int) -> int:
    return _state_and_start(process)[1]


def _state_and_start(process: int) -> tuple[str, int]:
    """Return the state of a process and when it began, as Linux tells; elsewhere '' and 0."""
    with suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()  # its name, in brackets, may hold anything
        return fields[0], int(fields[19])  # fields 3 and 22 of proc_pid_stat(5)
    return "", 0
