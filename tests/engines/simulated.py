"""A cluster whose workers are threads that sleep, and at times die."""

import random
import threading
import time
from collections import deque
from concurrent.futures import BrokenExecutor, Executor, Future


class WorkerDiedError(RuntimeError):
    pass


class SimulatedCluster(Executor):
    """Engine and executor at once. A task that its worker does not survive ends half done."""

    name = "simulated"

    def __init__(self, workers, share_dying=0.0, is_local=False, slots="workers"):
        self.workers, self.is_local, self._slots = workers, is_local, slots
        self.random, self.share_dying = random.Random(0), share_dying
        self.begun, self.died, self.busy = [], 0, 0.0
        self.is_broken = False
        self._queue, self._changed = deque(), threading.Condition()
        for _ in range(workers):
            threading.Thread(target=self._work, daemon=True).start()

    def executor(self):
        return self

    def slots(self):
        return self.workers if self._slots == "workers" else self._slots

    def submit(self, fn, /, *args):
        if self.is_broken:
            raise BrokenExecutor("the scheduler is gone")
        future = Future()
        with self._changed:
            self._queue.append((future, fn, args))
            self._changed.notify()
        return future

    def _work(self):
        while True:
            with self._changed:
                while not self._queue:
                    self._changed.wait()
                future, fn, args = self._queue.popleft()
                dies = self.random.random() < self.share_dying
                share = self.random.random() if dies else 1.0
            if not future.set_running_or_notify_cancel():
                continue
            began = time.monotonic()
            try:
                future.set_result(fn(*args, share))
            except Exception as error:
                future.set_exception(error)
            self.died += dies
            self.busy += time.monotonic() - began


def sleeper(done, key, seconds):
    """Return a call that takes so many seconds; it notes its key unless its worker dies."""

    def call(attempt, share):
        time.sleep(seconds * share)
        if share < 1:
            raise WorkerDiedError(f"killed in attempt {attempt.number}")
        done.append(key)

    return call
