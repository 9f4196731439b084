"""Calls as jobs of submitit: what runs in a job, and the executor that waits for it.

Before the time of a job is over, and where jobs are preempted, SLURM sends it SIGUSR2. Then the
call is asked to end, as `benchmark.system.stopping` has it, and submitit puts the job back into the
queue (its docs/checkpointing.md). It is the same call again, and goes on from what it has saved.
"""

import signal
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from threading import Event, Lock, RLock, Thread
from types import FrameType, SimpleNamespace
from typing import Any

import cloudpickle
import submitit
import submitit.local.local as submitit_local
from submitit.core.utils import FailedJobError, FailedSubmissionError

from benchmark.engines.cluster_executor import ClusterExecutor
from benchmark.engines.lost_calls import WorkerDiedError, last_lines
from benchmark.system import stopping
from benchmark.system.processes import safe_import_path

SECONDS_BETWEEN_LOOKS = 1.0  # at the files of results
SECONDS_BETWEEN_QUESTIONS = 60.0  # to sacct, one for all jobs
SECONDS_FOR_A_RESULT = 15.0  # of a job that has ended, to be seen on a network file system
SECONDS_TO_END = 5.0
IN_THE_QUEUE = ("PENDING", "UNKNOWN", "REQUEUED")  # UNKNOWN: sacct has not heard of it yet


class SlurmCall:
    """A call as submitit runs it. Unlike submitit's own, it passes on the exception itself."""

    def __init__(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self._fn, self._args, self._kwargs = fn, args, kwargs

    def __call__(self) -> tuple[Any, BaseException | None]:
        """Return the value of the call, or what it has raised."""
        came: list[int] = []

        def note(number: int, _frame: FrameType | None) -> None:
            came.append(number)
            stopping.request()

        before: Any = signal.signal(signal.SIGUSR2, note)
        outcome: tuple[Any, BaseException | None]
        try:
            outcome = self._fn(*self._args, **self._kwargs), None
        except (Exception, stopping.Stopped) as error:
            outcome = None, _portable(error)
        finally:
            signal.signal(signal.SIGUSR2, before)
        if came:
            before(came[0], None)  # submitit's: back to the queue, and the end of this process
        return outcome

    def checkpoint(self) -> submitit.helpers.DelayedSubmission:
        """Return what submitit runs when the job has come back."""
        return submitit.helpers.DelayedSubmission(self)


def _portable(error: BaseException) -> BaseException:
    """Return an error with its traceback as a note; its text alone if it can't be pickled."""
    text = traceback.format_exc()
    try:
        cloudpickle.loads(cloudpickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(text)
    return error


@contextmanager
def _controllers_apart() -> Iterator[None]:
    """Let submitit's controllers of jobs on this machine, started meanwhile, be heard of no more.

    One that is cancelled writes a traceback to the terminal, whose Ctrl-C would also reach it: it
    would kill its job after a second, in the midst of a save.
    """
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    popen = partial(subprocess.Popen, start_new_session=True, **quiet)
    module: Any = submitit_local
    module.subprocess = SimpleNamespace(Popen=popen)
    try:
        yield
    finally:
        module.subprocess = subprocess


class SlurmFuture(Future[Any]):
    """A job. What has begun can't be cancelled, as in other executors."""

    def __init__(self, job: submitit.Job[Any]) -> None:
        super().__init__()
        self.job = job
        self.ended_at: float | None = None  # without a result so far
        self._ending = RLock()  # else it might be cancelled and end at the same time

    def cancel(self) -> bool:
        """Take the job from the queue; False if it runs, or has ended."""
        with self._ending:
            if self.done() or self.running():
                return super().cancel()
            if self.job.state.upper() not in IN_THE_QUEUE:
                self.set_running_or_notify_cancel()
                return False
            super().cancel()
            self.job.cancel(check=False)
            self.set_running_or_notify_cancel()  # wakes who waits
            return True

    def look(self, asks: bool) -> None:
        """Look whether the job has ended; `asks` sacct now instead of by submitit's rules."""
        with self._ending:
            if self.done() or not self.job.done(force_check=asks):
                return
            if self.job.paths.result_pickle.exists():
                self._end(*self._outcome())
                return
            self.ended_at = self.ended_at or time.monotonic()
            if time.monotonic() - self.ended_at > SECONDS_FOR_A_RESULT:
                self.job.cancel(check=False)  # SLURM may have put it into the queue again
                self._end(None, WorkerDiedError(self._reason()))

    def _end(self, value: Any, error: BaseException | None) -> None:
        if not self.running():
            self.set_running_or_notify_cancel()
        for file in (self.job.paths.submitted_pickle, self.job.paths.result_pickle):
            file.unlink(missing_ok=True)
        self.set_result(value) if error is None else self.set_exception(error)

    def _outcome(self) -> tuple[Any, BaseException | None]:
        try:
            return self.job.result()
        except Exception as error:  # not the call's: submitit's, or of a damaged file
            text = last_lines(str(error))
            return None, WorkerDiedError(f"job {self.job.job_id} left no result:\n{text}")

    def _reason(self) -> str:
        file = self.job.paths.stderr
        text = file.read_text("utf-8", errors="replace") if file.exists() else ""
        state = self.job.state.lower()
        return f"job {self.job.job_id} ended without a result ({state}); {file} ends with:\n" + (
            last_lines(text) or "nothing"
        )


class SlurmExecutor(ClusterExecutor):
    """Submits jobs, and looks for their results in one thread."""

    def __init__(self, executor: submitit.AutoExecutor) -> None:
        super().__init__()
        self._executor = executor
        self._submitting = Lock()
        self._ended = Event()
        self._thread = Thread(target=self._look, name="slurm-results", daemon=True)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a job; ConnectionError if SLURM does not take it."""
        if self._ended.is_set():
            raise RuntimeError("cannot schedule new futures after shutdown")
        with self._submitting, safe_import_path(), _controllers_apart():
            try:
                job = self._executor.submit(SlurmCall(fn, args, kwargs))
            except (FailedJobError, FailedSubmissionError, subprocess.SubprocessError) as error:
                raise ConnectionError(
                    f"SLURM takes no job: {last_lines(str(error))}\nCheck the parameters of "
                    "--engine slurm:…, and that `sinfo` answers here"
                ) from None
            future = SlurmFuture(job)
            self._running.add(future)
            if not self._thread.is_alive():
                self._thread.start()
        return future

    def _look(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            asks = time.monotonic() - last > SECONDS_BETWEEN_QUESTIONS
            for future in list(self._running):
                try:
                    future.look(asks)
                except OSError:  # the file system, which may answer again
                    continue
                asks, last = False, time.monotonic() if asks else last  # one asks for all
                if future.done():
                    self._running.discard(future)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for the jobs, or take those that have not begun from the queue."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            self._ended.set()

    def end(self) -> None:
        """Cancel all jobs, and look for no more results."""
        self._ended.set()
        left = [future for future in list(self._running) if not future.done()]
        for future in left:
            future.job.cancel(check=False)
        until = time.monotonic() + SECONDS_TO_END
        while any(not f.job.done() for f in left) and time.monotonic() < until:
            time.sleep(SECONDS_TO_END / 50)
        for future in left:
            if not future.done():
                future.set_exception(WorkerDiedError("its job was cancelled with the run"))
