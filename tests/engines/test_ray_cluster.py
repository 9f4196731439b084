"""Calls on ray: a cluster of this machine, one for all of these tests."""

import os
import time
from concurrent.futures import BrokenExecutor
from functools import partial

import pytest
import ray

from benchmark.engines.ray_cluster import RayEngine
from tests.engines import cluster_checks
from tests.engines.cluster_checks import SECONDS, children, has_left, wait_until


@pytest.fixture(scope="module")
def engine():
    """Two processes of two CPUs each, on a machine with two GPUs, which are only counted."""
    before = children()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ray, "init", partial(ray.init, num_gpus=2))
        engine = RayEngine(None, 2, needs_gpu=False, jobs_per_gpu=1, cores=4)
    started = children() - before
    try:
        yield engine
        call = engine.executor().submit(time.sleep, SECONDS)
        wait_until(call.values.next_ready)
    finally:
        engine.close()
    assert isinstance(call.exception(0), BrokenExecutor)
    assert len(started) >= 2
    assert not [process for process in started if not has_left(process)]


def test_its_own_cluster(engine):
    assert engine.is_local
    assert (engine.slots(), engine.threads()) == (2, 2)


def test_calls_run_in_other_processes(engine):
    cluster_checks.check_that_calls_run_in_other_processes(engine)


def test_a_call_runs_in_the_main_thread(engine):
    def is_main():
        import threading

        return threading.current_thread() is threading.main_thread()

    assert engine.executor().submit(is_main).result(SECONDS)


def test_what_a_call_raises_arrives(engine):
    cluster_checks.check_that_what_a_call_raises_arrives(engine)


def test_what_has_begun_is_not_cancelled(engine, tmp_path):
    cluster_checks.check_that_what_has_begun_is_not_cancelled(engine, tmp_path / "end")


def test_a_killed_worker_costs_its_call_alone(engine):
    cluster_checks.check_that_a_killed_worker_costs_its_call_alone(engine)


def test_a_ray_that_the_user_has_begun_is_joined_and_goes_on(engine):
    second = RayEngine(None, 1, needs_gpu=False, jobs_per_gpu=1, cores=4)
    assert (second.is_local, second.slots(), second.threads()) == (False, 1, 1)
    assert second.executor().submit(os.getpid).result(SECONDS) != os.getpid()
    second.close()
    assert ray.is_initialized()
    assert engine.executor().submit(lambda: 2).result(SECONDS) == 2


def test_machines_without_what_a_call_takes(engine):
    words = r"no machine has the 9 CPUs and 0\.5 of a GPU .* have 4 CPUs and 2 GPUs.* --device cpu"
    with pytest.raises(ValueError, match=words):
        RayEngine(None, None, needs_gpu=True, jobs_per_gpu=2, cores=4, num_cpus=9)
    with pytest.raises(ValueError, match="num_cpus=-1 is not allowed"):
        RayEngine(None, None, needs_gpu=False, jobs_per_gpu=1, cores=4, num_cpus=-1)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", "nothing answers there .*ray start --head"),
        ("somewhere", "no address of ray; it looks like HOST:6379"),
        ("somewhere:port", "no address of ray"),
    ],
)
def test_an_address_where_no_cluster_is(address, words, monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises((ConnectionError, ValueError), match=words) as raised:
        RayEngine(address, None, needs_gpu=False, jobs_per_gpu=1, cores=1)
    assert f"--scheduler {address}" in str(raised.value)


def test_each_gpu_has_calls_and_processes_of_its_own(engine):
    """A process would keep its first GPU, so none has a second call."""
    on_gpus = RayEngine(None, None, needs_gpu=True, jobs_per_gpu=1, cores=4)
    assert on_gpus.slots() == 2

    def where():
        time.sleep(0.2)
        return os.environ["CUDA_VISIBLE_DEVICES"], os.getpid()

    calls = [on_gpus.executor().submit(where) for _ in range(4)]
    gpus, processes = zip(*(call.result(SECONDS) for call in calls), strict=True)
    assert sorted(gpus) == ["0", "0", "1", "1"]
    assert len(set(processes)) == 4
    on_gpus.close()
    shared = RayEngine(None, None, needs_gpu=True, jobs_per_gpu=2, cores=4)
    assert shared.slots() == 4
