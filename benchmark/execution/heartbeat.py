"""The heartbeat of a worker: a file that says who trains a segment, where, and how far it is.

A thread writes it, so it falls silent only if its process has ended or hangs. Its age is told by
the clock of the file system, see `file_clock`: no clocks of two machines are compared.
"""

import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmark.storage.atomic import write_text
from benchmark.storage.file_clock import file_clock, look_again
from benchmark.storage.owner import Owner
from benchmark.storage.stored_file import open_plain
from benchmark.system import stopping

SECONDS_BETWEEN_BEATS = 1.0  # at least, while steps are done
SECONDS_BETWEEN_SIGNS = 5.0  # at most, also while none are
SECONDS_UNTIL_LOST = 45.0
SECONDS_BETWEEN_POLLS = 0.5
_MOST_BYTES = 10_000


@dataclass(frozen=True)
class Beat:
    """What a heartbeat said when it was read."""

    path: Path
    owner: Owner
    steps: int
    first_steps: int  # of its first report: those of an interrupted run may be among them
    seconds: float  # between its first report of steps and its last
    device: str
    began: float  # seconds since 1970, by the clock of the worker: for people
    attempt: int  # of `attempts`
    attempts: int
    reason: str  # why the attempt before ended; '' for the first
    written: float  # by the clock of the file system

    @property
    def seconds_per_step(self) -> float | None:
        """The pace; None before the second report of steps."""
        steps = self.steps - self.first_steps
        return self.seconds / steps if steps > 0 else None

    def age(self, now: float | None = None) -> float:
        """Return the seconds since it was written; `now` is `file_clock` of its folder."""
        now = file_clock(self.path.parent) if now is None else now
        return max(0.0, now - self.written)


def is_alive(beat: Beat | None, now: float | None = None) -> bool:
    """Return whether a heartbeat's process is at work: it lives, or was heard of lately.

    On its own machine its process is looked for. On another one it counts as ended
    SECONDS_UNTIL_LOST after its last beat. `now` is `file_clock` of the folder.
    """
    if beat is None:
        return False
    lives = beat.owner.lives()
    return beat.age(now) < SECONDS_UNTIL_LOST if lives is None else lives


def wait_for_silence(path: Path, stop_file: Path) -> Beat | None:
    """Wait until no living process writes a heartbeat, or `stop_file` is there; return the last."""
    while is_alive(beat := Heartbeat.read(path)) and not stop_file.exists():
        time.sleep(SECONDS_BETWEEN_POLLS)
    return beat


def look_for_stop(stop_file: Path, in_worker: bool) -> None:
    """Ask this process to end if there is the file that asks it, or, `in_worker`, no folder of it.

    OSError if it can't be seen now.
    """
    with suppress(FileNotFoundError):
        look_again(stop_file.parent)
    if stop_file.exists() or (in_worker and not stop_file.parent.is_dir()):
        stopping.request()


class Heartbeat:
    """Counts the steps of a segment, and looks whether a file asks the process to end.

    It beats while its block is open, and its file is gone afterwards. Of another process that has
    taken the segment over it touches nothing, and asks its own process to end.

    Parameters
    ----------
    path, stop_file
        The file that is written, and the one that is looked for.
    device
        For people: where the process computes.
    attempt, attempts, reason
        Which attempt it is, of how many, and why the one before ended.
    in_worker
        Whether its process works for another one's run, which is over once the folder of the file
        is gone: then it is asked to end.
    """

    def __init__(
        self,
        path: Path,
        stop_file: Path,
        device: str = "",
        attempt: int = 1,
        attempts: int = 1,
        reason: str = "",
        in_worker: bool = False,
    ) -> None:
        # absolute: what is trained may change the working folder
        self.path, self._stop_file = path.absolute(), stop_file.absolute()
        attempted = {"attempt": attempt, "attempts": attempts, "reason": reason}
        self._about = {"device": _with_number(device), **attempted}
        self._in_worker = in_worker
        self._owner, self._began = Owner.this_process(), time.time()
        self._steps, self._first, self._last = 0, (0, 0.0), 0.0
        self._written, self._written_steps = 0.0, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat_until_ended, daemon=True)

    def __enter__(self) -> "Heartbeat":
        """Write the file, and go on doing so until the block ends."""
        with suppress(OSError):  # what can't be shown ends no training
            self._write()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Beat no more, and remove the file."""
        self._ended.set()
        self._thread.join()
        with suppress(OSError):
            if not self._is_taken_over():
                self.path.unlink(missing_ok=True)

    def __call__(self, steps: int) -> None:
        """Add steps; look for the file if the last look was SECONDS_BETWEEN_POLLS ago."""
        before, self._last = self._last, time.monotonic()
        self._steps += steps
        if self._last - before >= SECONDS_BETWEEN_POLLS:
            with suppress(OSError):
                self._look()
        if not self._first[0]:
            self._first = self._steps, self._last

    @staticmethod
    def read(path: Path) -> Beat | None:
        """Return what the file says; None if there is none, or nothing that can be read."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            with open_plain(path) as file:
                written = os.fstat(file.fileno()).st_mtime
                content: dict[str, Any] = json.loads(file.read(_MOST_BYTES))
            return Beat(
                **{**content, "owner": Owner(**content["owner"])}, path=path, written=written
            )
        return None

    def _beat_until_ended(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_POLLS):
            with suppress(Exception):  # a full disk, too little memory: they end no training
                self._beat()

    def _beat(self) -> None:
        self._look()
        since = time.monotonic() - self._written
        has_news = self._steps != self._written_steps
        if since < (SECONDS_BETWEEN_BEATS if has_news else SECONDS_BETWEEN_SIGNS):
            return
        if self._is_taken_over():
            self._ended.set()
            stopping.request()
        elif self.path.parent.is_dir():  # else the run is over
            self._write()

    def _look(self) -> None:
        look_for_stop(self._stop_file, self._in_worker)

    def _is_taken_over(self) -> bool:
        beat = Heartbeat.read(self.path)
        return beat is not None and beat.owner != self._owner

    def _write(self) -> None:
        self._written, self._written_steps = time.monotonic(), self._steps
        first_steps, begun = self._first
        content = {
            **{"owner": asdict(self._owner), "steps": self._written_steps},
            **{"first_steps": first_steps, "seconds": max(0.0, self._last - begun)},
            **{"began": self._began, **self._about},
        }
        write_text(self.path, json.dumps(content), flush=False)


def _with_number(device: str) -> str:
    """Return the name of a device, with the number of the GPU for a process that sees one alone."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    is_one = device.startswith("cuda") and visible and "," not in visible
    return f"{device} (GPU {visible})" if is_one else device
