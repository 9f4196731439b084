"""Tasks on an engine: their order, what is tried again, and how a graph ends."""

import time
from concurrent.futures import Future

import pytest

from benchmark.engines import task_graph
from benchmark.engines.task_graph import ATTEMPTS_ON_CLUSTER, LostEngineError, Task, TaskGraph
from tests.engines.simulated import SimulatedCluster, WorkerDiedError, sleeper


@pytest.fixture
def done():
    return []


@pytest.fixture
def given_up():
    return []


@pytest.fixture
def graph(done, given_up):
    """Return a function that makes a graph on an engine."""

    def on(engine, **options):
        def give_up(task, error, attempts):
            given_up.append((task.key, str(error), attempts))

        return TaskGraph(engine, lambda task: task.key in done, give_up, **options)

    return on


def sleeping(done, key, length, needs=None, seconds=0.0):
    return Task(key, length, sleeper(done, key, seconds), needs=needs)


def test_what_others_wait_for_goes_first_then_what_takes_longest(graph, done):
    lengths = {"short": (1, None), "long": (5, None), "child": (4, "parent"), "parent": (2, None)}
    tasks = [sleeping(done, key, *about) for key, about in lengths.items()]
    graph(SimulatedCluster(1, is_local=True)).run(tasks)
    assert done == ["parent", "long", "child", "short"]


def test_nothing_waits_for_a_task_that_it_does_not_need(graph, done):
    """Five networks of unequal length and two deferred ones, on two processes."""
    lengths = {"a": 8, "b": 5, "c": 4, "d": 3, "e": 2, "first": 4}
    seconds = 0.08
    tasks = [sleeping(done, key, n, None, n * seconds) for key, n in lengths.items()]
    tasks += [sleeping(done, key, 3, "first", 3 * seconds) for key in ("deferred", "deferred too")]
    cluster = SimulatedCluster(2, is_local=True)
    began = time.monotonic()
    graph(cluster).run(tasks)
    total = time.monotonic() - began
    assert len(done) == len(tasks)
    assert done.index("first") < done.index("deferred")
    idle = 1 - sum(task.length for task in tasks) * seconds / (2 * total)
    assert idle <= 0.10  # in waves it would be a fifth, as the deferred ones wait for all others


def test_a_cluster_whose_workers_die_does_it_all_and_is_busy(graph, done, given_up, monkeypatch):
    """64 GPUs, of whose tasks 5 % end with their worker."""
    cluster = SimulatedCluster(64, share_dying=0.05)
    lengths = cluster.random.choices([0.1, 0.2, 0.3, 0.4], k=900)
    tasks = [
        sleeping(done, i, seconds, i - 1 if i % 4 == 3 else None, seconds)
        for i, seconds in enumerate(lengths)
    ]
    began = time.monotonic()
    graph(cluster).run(tasks)
    total = time.monotonic() - began
    assert sorted(done) == list(range(900))
    assert not given_up
    assert cluster.died > 20
    assert cluster.busy / (64 * total) >= 0.90


def test_a_task_whose_worker_dies_each_time_is_given_up_with_the_reason(graph, done, given_up):
    attempts = []

    def dying(attempt, _):
        attempts.append((attempt.number, attempt.reason))
        raise WorkerDiedError("killed")

    tasks = [Task("dying", 1, dying), sleeping(done, "child", 1, "dying"), sleeping(done, "b", 1)]
    graph(SimulatedCluster(2)).run(tasks)
    assert attempts == [
        (1, ""),
        *((n, "WorkerDiedError: killed") for n in range(2, ATTEMPTS_ON_CLUSTER + 1)),
    ]
    assert given_up == [("dying", "killed", ATTEMPTS_ON_CLUSTER)]
    assert sorted(done) == ["b", "child"]  # which sees for itself what it lacks


def test_on_one_machine_a_lost_task_is_tried_again_alone(graph, done):
    """Its memory may have been too little for several."""
    running, most = set(), {}

    def counting(key, dies):
        def call(attempt, _):
            running.add(key)
            most[key, attempt.number] = len(running)
            time.sleep(0.05)
            running.discard(key)
            if dies and attempt.number == 1:
                raise WorkerDiedError
            done.append(key)

        return call

    tasks = [Task(key, 3 - (key == 0), counting(key, key == 0)) for key in range(6)]
    graph(SimulatedCluster(3, is_local=True)).run(tasks)
    assert sorted(done) == list(range(6))
    assert most[0, 1] > 1
    assert most[0, 2] == 1
    assert max(most.values()) == 3


def test_an_error_that_is_final_ends_the_graph_once_what_runs_has_ended(graph, done):
    def full(attempt, _):
        raise OSError("the disk is full")

    tasks = [Task("full", 9, full), sleeping(done, "running", 8, None, 0.2)]
    tasks += [sleeping(done, key, 1) for key in range(9)]
    with pytest.raises(OSError, match="the disk is full"):
        graph(SimulatedCluster(2, is_local=True), is_final=lambda e: isinstance(e, OSError)).run(
            tasks
        )
    assert done[-1] == "running"
    assert len(done) < 10


def test_a_task_that_returns_and_leaves_nothing_is_looked_for_and_then_tried_again(
    graph, done, given_up, monkeypatch
):
    """A client of a network file system may see the files later."""
    monkeypatch.setattr(task_graph, "SECONDS_UNTIL_SEEN", 0.2)
    monkeypatch.setattr(task_graph, "SECONDS_BETWEEN_POLLS", 0.02)
    calls = []

    def unseen(attempt, _):
        calls.append(attempt.number)

    late = {"late": time.monotonic() + 0.15}
    has_ended = lambda task: task.key in done or time.monotonic() > late.get(task.key, 1e99)  # noqa: E731
    runner = graph(SimulatedCluster(1))
    runner.has_ended = has_ended
    runner.run([Task("never", 1, unseen), Task("late", 1, lambda *_: calls.append("late"))])
    assert calls.count("late") == 1
    assert [c for c in calls if c != "late"] == [1, 2, 3, 4, 5]
    assert given_up == [("never", "its worker ended, and left no result", 5)]


def test_a_graph_that_is_stopped_hands_over_nothing_more(graph, done):
    is_stopped = []
    tasks = [Task("first", 9, lambda *_: (is_stopped.append(True), done.append("first")))]
    tasks += [sleeping(done, key, 1, "first") for key in range(5)]
    runner = graph(SimulatedCluster(1), is_stopped=lambda: bool(is_stopped))
    runner.run(tasks)
    assert done == ["first"]
    assert not runner.is_left


def test_a_graph_that_is_stopped_waits_for_a_cluster_only_so_long(graph, done, monkeypatch):
    monkeypatch.setattr(task_graph, "SECONDS_BETWEEN_POLLS", 0.02)
    runner = graph(SimulatedCluster(1), is_stopped=lambda: bool(begun), seconds_to_stop=0.1)
    begun = []

    def slow(*_):
        begun.append(True)
        time.sleep(1)

    began = time.monotonic()
    runner.run([Task("slow", 1, slow)])
    assert time.monotonic() - began < 0.9
    assert runner.is_left


def test_what_has_begun_is_not_cancelled_where_the_executor_would_lose_it(graph, done):
    runner = graph(
        SimulatedCluster(1), is_stopped=lambda: True, has_begun=lambda task: task.key == "begun"
    )
    for key, is_lost in (("begun", False), ("waiting", True)):
        future = Future()
        runner._running = {future: sleeping(done, key, 1)}
        runner.seconds_to_stop = 0.05
        runner.run([])
        assert future.cancelled() is is_lost


def test_a_cluster_that_is_lost_is_an_error_that_says_how_to_go_on(graph, done):
    cluster = SimulatedCluster(1)
    cluster.is_broken = True
    assert issubclass(LostEngineError, OSError)  # told in a line, by the command line
    with pytest.raises(LostEngineError, match=r"simulated takes no more work .*gone.* continues"):
        graph(cluster).run([sleeping(done, "a", 1)])


def test_where_it_is_not_known_how_many_run_all_are_handed_over_in_order(graph, done):
    cluster = SimulatedCluster(1, slots=None)
    graph(cluster).run([sleeping(done, key, key) for key in range(5)])
    assert done == [4, 3, 2, 1, 0]


class Limited(SimulatedCluster):
    """Takes one task at a time, as a scheduler that limits jobs; it counts those it refuses."""

    refused = 0

    def submit(self, fn, /, *args):
        if self._queue or len(self.begun) > len(self.ended):
            self.refused += 1
            raise ConnectionError("too many jobs")
        self.begun.append(fn)
        future = super().submit(fn, *args)
        future.add_done_callback(self.ended.append)
        return future


def test_tasks_that_an_engine_refuses_wait_until_one_that_runs_has_ended(graph, done, monkeypatch):
    monkeypatch.setattr(task_graph, "SECONDS_BETWEEN_POLLS", 0.02)
    cluster = Limited(1, slots=None)
    cluster.ended = []
    graph(cluster).run([sleeping(done, key, key, seconds=0.1) for key in range(3)])
    assert done == [2, 1, 0]
    assert cluster.refused <= 3  # not at each look


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("after shutdown"), r"simulated takes no more work .*shutdown.* continues"),
        (ConnectionError("SLURM takes no job"), "^SLURM takes no job$"),
    ],
)
def test_tasks_that_are_refused_while_nothing_runs_end_the_graph(graph, done, error, words):
    cluster = SimulatedCluster(1)

    def refuse(*_):
        raise error

    cluster.submit = refuse
    with pytest.raises(OSError, match=words):
        graph(cluster).run([sleeping(done, "a", 1)])


def test_what_runs_is_left_also_where_a_signal_ends_the_wait(graph, done):
    def signalled(_):
        raise KeyboardInterrupt

    runner = graph(SimulatedCluster(1), on_poll=signalled)
    with pytest.raises(KeyboardInterrupt):
        runner.run([sleeping(done, "a", 1, seconds=1)])
    assert runner.is_left
