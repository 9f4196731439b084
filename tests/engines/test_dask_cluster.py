"""Calls on dask: workers of this machine, and a scheduler that is joined."""

import socket
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest

from benchmark.engines import dask_cluster as module
from benchmark.engines.dask_cluster import DaskEngine
from tests.engines import cluster_checks
from tests.engines.cluster_checks import SECONDS, children, has_left, wait_until


@pytest.fixture(scope="module")
def engine():
    engine = DaskEngine(None, 2, needs_gpu=False, jobs_per_gpu=1, cores=8)
    yield engine
    engine.close()


def test_its_own_cluster(engine):
    assert engine.is_local
    assert (engine.slots(), engine.threads()) == (2, 4)


def test_calls_run_in_other_processes(engine):
    cluster_checks.check_that_calls_run_in_other_processes(engine)


def test_what_a_call_raises_arrives(engine):
    cluster_checks.check_that_what_a_call_raises_arrives(engine)


def test_calls_may_start_processes(engine):
    def start():
        import multiprocessing

        process = multiprocessing.get_context("spawn").Process(target=int)
        process.start()
        process.join()
        return process.exitcode

    assert engine.executor().submit(start).result(SECONDS) == 0


def test_what_has_begun_is_not_cancelled(engine, tmp_path):
    cluster_checks.check_that_what_has_begun_is_not_cancelled(engine, tmp_path / "end")


def test_a_killed_worker_costs_its_call_alone(engine):
    cluster_checks.check_that_a_killed_worker_costs_its_call_alone(engine)


def test_a_call_that_has_ended_is_not_run_again_when_its_worker_dies(engine, tmp_path):
    def note():
        import os

        with (tmp_path / "calls").open("a") as file:
            file.write("a line\n")
        return os.getpid()

    call = engine.executor().submit(note)
    process = call.result(SECONDS)  # the future lives on
    engine.executor().submit(lambda: None).result(SECONDS)
    worker = next(p for p in children() if p.pid == process)
    worker.kill()
    worker.wait(SECONDS)
    wait_until(lambda: engine.slots() == 2)
    assert engine.executor().submit(lambda: 1).result(SECONDS) == 1
    assert (tmp_path / "calls").read_text() == "a line\n"


def test_more_processes_than_a_gpu_takes():
    with pytest.raises(ValueError, match="--jobs 3 is more than --jobs-per-gpu 2"):
        DaskEngine(None, 3, needs_gpu=True, jobs_per_gpu=2, cores=8)


def test_a_lost_cluster_is_started_anew_and_nothing_is_left_at_the_end():
    before = children()
    engine = DaskEngine(None, 1, needs_gpu=False, jobs_per_gpu=1, cores=1)
    try:
        executor = engine.executor()
        engine._cluster.close()
        with pytest.raises(BrokenExecutor):
            executor.submit(int)
        assert engine.executor() is not executor
        assert engine.executor().submit(lambda: 3).result(SECONDS) == 3
        started = children() - before
    finally:
        engine.close()
    assert started
    trackers = {p for p in started if not has_left(p) and "tracker" in " ".join(p.cmdline())}
    assert not [p for p in started - trackers if not has_left(p)]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://127.0.0.1:1", "nothing answers there .*dask scheduler"),
        ("somewhere", "no address of dask .*tcp://HOST:8786"),
    ],
)
def test_an_address_where_no_scheduler_is(address, words):
    with pytest.raises((ConnectionError, ValueError), match=words) as raised:
        DaskEngine(address, None, needs_gpu=False, jobs_per_gpu=1, cores=1)
    assert f"--scheduler {address}" in str(raised.value)


def test_what_listens_and_is_no_scheduler_is_not_waited_for(monkeypatch):
    """As a dashboard, for which a client of dask waits without end."""
    monkeypatch.setattr(module, "SECONDS_FOR_A_GREETING", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ConnectionError, match=f"--scheduler {address}: .* no.* as a dask sch"):
            DaskEngine(address, None, needs_gpu=False, jobs_per_gpu=1, cores=1)


@pytest.fixture
def scheduler():
    """The address of `dask scheduler`, and its process."""
    program = str(Path(sys.executable).with_name("dask"))
    command = [program, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        line = next(line for line in process.stderr if "Scheduler at" in line)
        yield line.split()[-1], process
    finally:
        process.kill()
        process.wait()


def test_a_cluster_that_is_joined(scheduler, monkeypatch):
    address, process = scheduler
    program = str(Path(sys.executable).with_name("dask"))
    arguments = ["--nworkers", "1", "--nthreads", "3", "--resources", "GPU=0.5", "--no-dashboard"]
    with subprocess.Popen([program, "worker", address, *arguments], stderr=subprocess.DEVNULL) as w:
        try:
            engine = DaskEngine(address, None, needs_gpu=True, jobs_per_gpu=2, cores=1)
            assert (engine.slots(), engine.threads(), engine.is_local) == (1, 3, False)
            call = engine.executor().submit(lambda: 7)
            assert call.result(SECONDS) == 7
            with pytest.raises(ValueError, match=r"none of the 1 workers .* offers GPU=1\. Start"):
                DaskEngine(address, None, needs_gpu=True, jobs_per_gpu=1, cores=1)
            call = engine.executor().submit(time.sleep, SECONDS)
            process.kill()
            assert isinstance(call.exception(SECONDS), BrokenExecutor)
            with pytest.raises(ConnectionError, match="nothing answers there"):
                engine.executor()
            with pytest.raises(ConnectionError, match="nothing answers there"):
                engine.slots()
            engine.close()
        finally:
            w.terminate()


def test_a_cluster_without_workers(scheduler, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_FOR_A_WORKER", 0.1)
    with pytest.raises(ConnectionError, match=r"no worker for .* Start one with `dask worker t"):
        DaskEngine(scheduler[0], None, needs_gpu=False, jobs_per_gpu=1, cores=1)


def test_a_script_that_its_processes_would_run_again_is_told_where_to_call(monkeypatch):
    def failing(**_):
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(module, "LocalCluster", failing)
    with pytest.raises(RuntimeError, match="call it under `if __name__ == '__main__':`"):
        DaskEngine(None, 2, False, 1, cores=2)
