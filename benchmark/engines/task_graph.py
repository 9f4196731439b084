"""Hand tasks to an engine as soon as the task that each one needs is done.

There are no waves: nothing waits for a task that it does not need. Of those that can begin, the one
goes first that begins the longest chain: what others wait for, then what takes longest (list
scheduling by critical path, Graham 1969, doi 10.1137/0117039).

A task that its worker did not end, as it was killed, is tried again, up to a limit.
"""

import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark.engines.engine import Engine
from benchmark.system.error_text import error_text

# at a task, in all: on one machine a task may end its process each time, for lack of memory; of a
# cluster machines go for reasons of their own
ATTEMPTS, ATTEMPTS_ON_CLUSTER = 3, 5
SECONDS_BETWEEN_POLLS = 0.5
# after a task has returned, until its files are seen: NFS clients remember for as long what is not
SECONDS_UNTIL_SEEN = 65.0
SECONDS_BETWEEN_SLOTS = 5.0  # between two questions how large a cluster is
AHEAD = 2  # tasks for each slot of a cluster, so that none idles while the next one travels


class LostEngineError(ConnectionError):
    """An engine has broken, and can't be made anew from here."""


@dataclass(frozen=True)
class Attempt:
    """Which attempt at a task it is, of how many, and why the one before ended."""

    number: int = 1
    most: int = ATTEMPTS
    reason: str = ""  # '' for the first

    @property
    def is_last(self) -> bool:
        """Whether the task is given up after it."""
        return self.number == self.most


@dataclass(frozen=True)
class Task:
    """What is handed to an engine."""

    key: Hashable
    length: float  # how long it takes, in the same measure for all tasks
    call: Callable[..., Any]  # with the `Attempt` as its last argument
    arguments: tuple[Any, ...] = ()
    needs: Hashable | None = None  # key of the task that must have ended before it


@dataclass
class TaskGraph:
    """Runs tasks on an engine.

    `has_ended` says whether a task is done, or has failed by itself: its files show that, and what
    needs it may begin. No value that it returns is needed for that.
    """

    engine: Engine
    has_ended: Callable[[Task], bool]
    give_up: Callable[
        [Task, BaseException, int], None
    ]  # after the last attempt; then what needs it may begin
    on_return: Callable[[Task, Any], None] = lambda _task, _value: None
    # called at least every SECONDS_BETWEEN_POLLS, with the tasks that the engine has
    on_poll: Callable[[Sequence[Task]], None] = lambda _: None
    # an error that no other try would mend
    is_final: Callable[[BaseException], bool] = lambda _: False
    is_stopped: Callable[[], bool] = lambda: False
    # of some executors, as of dask's own, a call that runs can be cancelled, and runs on
    has_begun: Callable[[Task], bool] = lambda _: False
    seconds_to_stop: float = float("inf")  # given to what runs when the graph is stopped
    is_left: bool = field(default=False, init=False)  # whether some was left running then
    _running: dict[Future[Any], Task] = field(default_factory=dict)
    # tasks that have returned, of which nothing is seen yet -> until when it is waited for
    _unseen: dict[Hashable, tuple[Task, float]] = field(default_factory=dict)
    _attempts: dict[Hashable, Attempt] = field(default_factory=dict)  # of tasks that were begun
    _alone: set[Hashable] = field(default_factory=set)  # to be tried while nothing else runs
    # whether the engine took no task, and none has ended since
    _is_refused: bool = field(default=False, init=False)
    _slots: tuple[float, int | None] = (0.0, None)  # since when it is known, and the number

    def run(self, tasks: Sequence[Task]) -> None:
        """Run all tasks. An error that `is_final` is raised, once what runs has ended."""
        keys, chains = {task.key for task in tasks}, _longest_chains(tasks)
        waiting = sorted(tasks, key=lambda task: -chains[task.key])
        final: BaseException | None = None
        stopped_at: float | None = None
        try:
            while waiting or self._running or self._unseen:
                if final is not None or self.is_stopped():
                    stopped_at = stopped_at or time.monotonic()
                    if not self._running or time.monotonic() - stopped_at > self.seconds_to_stop:
                        break
                    for future, task in self._running.items():
                        if not self.has_begun(task):
                            future.cancel()
                else:
                    waiting = self._submit(waiting, keys)
                again, error = self._await(stopped_at is not None)
                waiting = again + waiting
                final = final or error
        finally:
            self.is_left = bool(self._running)
        if final is not None:
            raise final

    def _submit(self, waiting: list[Task], keys: set[Hashable]) -> list[Task]:
        """Hand over what can begin; return what still waits."""
        unfinished = {task.key for task in (*waiting, *self._running.values())} | {*self._unseen}
        left: list[Task] = []
        for number, task in enumerate(waiting):
            if task.needs in unfinished and task.needs in keys:
                left.append(task)
                continue
            is_alone = task.key in self._alone or self._alone & {
                other.key for other in self._running.values()
            }
            if not self._has_room() or (is_alone and self._running):
                return left + waiting[number:]
            most = ATTEMPTS if self.engine.is_local else ATTEMPTS_ON_CLUSTER
            attempt = self._attempts.setdefault(task.key, Attempt(most=most))
            try:
                future = self.engine.executor().submit(task.call, *task.arguments, attempt)
            except Exception as error:
                # a scheduler may limit jobs, a pool may be shut down: what runs is waited for
                if self._running and not isinstance(error, BrokenExecutor):
                    self._is_refused = True
                    return left + waiting[number:]
                if isinstance(error, ConnectionError):  # its words say what to do
                    raise
                raise LostEngineError(
                    f"{self.engine.name} takes no more work ({error_text(error)}). What is "
                    "finished is kept: start it again, and the same command continues"
                ) from error
            self._running[future] = task
        return left

    def _has_room(self) -> bool:
        if self._is_refused:
            return False
        known_at, slots = self._slots
        if not known_at or time.monotonic() - known_at > SECONDS_BETWEEN_SLOTS:
            slots = self.engine.slots()
            self._slots = (time.monotonic(), slots)
        if slots is None:
            return True
        return len(self._running) < (slots if self.engine.is_local else AHEAD * max(1, slots))

    def _await(self, is_stopped: bool) -> tuple[list[Task], BaseException | None]:
        """Wait for what runs; return tasks to be tried again, and an error that is final."""
        done: set[Future[Any]] = set()
        if self._running:
            done, _ = wait(self._running, SECONDS_BETWEEN_POLLS, FIRST_COMPLETED)
        else:
            time.sleep(SECONDS_BETWEEN_POLLS)  # for files to be seen
        self.on_poll(list(self._running.values()))
        ended = [(self._running.pop(future), future) for future in done]
        self._is_refused = self._is_refused and not ended
        lost: list[tuple[Task, BaseException]] = []
        final: BaseException | None = None
        for task, future in ended:
            if future.cancelled():
                continue
            error = future.exception()
            if error is not None and self.is_final(error):
                final = final or error
            elif error is not None and not self.has_ended(task):
                lost.append((task, error))
            elif error is None:
                self.on_return(task, future.result())
                self._unseen[task.key] = (task, time.monotonic() + SECONDS_UNTIL_SEEN)
        for key, (task, until) in list(self._unseen.items()):
            if self.has_ended(task):
                del self._unseen[key]
            elif time.monotonic() > until:
                del self._unseen[key]
                lost.append((task, ChildProcessError("its worker ended, and left no result")))
        return [
            task for task, error in lost if is_stopped or self._is_tried_again(task, error)
        ], final

    def _is_tried_again(self, task: Task, error: BaseException) -> bool:
        attempt = self._attempts[task.key]
        if attempt.is_last:
            self.give_up(task, error, attempt.number)
            return False
        reason = error_text(error)
        self._attempts[task.key] = replace(attempt, number=attempt.number + 1, reason=reason)
        if self.engine.is_local:  # memory may have been short
            self._alone.add(task.key)
        return True


def _longest_chains(tasks: Sequence[Task]) -> dict[Hashable, float]:
    """Return how long each task and what needs it take at least, one after the other."""
    by_key = {task.key: task for task in tasks}
    chains = {task.key: task.length for task in tasks}
    for task in tasks:
        below, length = by_key.get(task.needs), chains[task.key]
        while below is not None and below.length + length > chains[below.key]:
            length += below.length
            chains[below.key] = length
            below = by_key.get(below.needs)
    return chains
