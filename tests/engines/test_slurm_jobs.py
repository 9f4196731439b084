"""Calls as jobs: submitit's processes of this machine, and commands that imitate SLURM's."""

import os
import signal
import time
from concurrent.futures import wait
from functools import partial

import pytest

from benchmark.engines import slurm_jobs as module
from benchmark.engines.lost_calls import WorkerDiedError
from benchmark.engines.slurm import SlurmEngine
from tests.engines import cluster_checks, imitated_slurm
from tests.engines.cluster_checks import SECONDS, children, has_left, wait_until


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_LOOKS", 0.05)
    monkeypatch.setattr(module, "SECONDS_BETWEEN_QUESTIONS", 0.1)
    monkeypatch.setattr(module, "SECONDS_FOR_A_RESULT", 0.2)


@pytest.fixture
def open_engine(tmp_path, monkeypatch):
    """Opens engines, and closes them."""
    engines = []

    def opened(parameters, jobs=2):
        engines.append(SlurmEngine(jobs, False, 1, cores=2, parameters=parameters))
        return engines[-1]

    monkeypatch.chdir(tmp_path)
    yield opened
    for engine in engines:
        engine.close()


@pytest.fixture
def local(open_engine):
    return open_engine("cluster=local")


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """The folder of imitated jobs."""
    commands, state = imitated_slurm.install(tmp_path)
    monkeypatch.setenv("PATH", str(commands), prepend=os.pathsep)
    return state


def test_calls_run_in_other_processes(local):
    cluster_checks.check_that_calls_run_in_other_processes(local)


def test_a_job_that_is_cancelled_writes_nothing_and_hears_no_ctrl_c(open_engine, capfd):
    local = open_engine("cluster=local")
    call = local.executor().submit(time.sleep, 60)
    (future,) = local.executor()._running
    wait_until(future.job.paths.stdout.exists)  # it can be interrupted now
    assert os.getsid(future.job._process.pid) != os.getsid(0)
    local.close()
    wait_until(lambda: future.job._process.poll() is not None)
    assert isinstance(call.exception(), WorkerDiedError)
    assert "Traceback" not in capfd.readouterr().err


def test_what_a_call_raises_arrives_with_its_traceback(local):
    cluster_checks.check_that_what_a_call_raises_arrives(local)

    def fail():
        class OfThisCallError(Exception):
            def __reduce__(self):
                raise TypeError("can't be pickled")

        raise OfThisCallError("words")

    error = local.executor().submit(fail).exception(SECONDS)
    assert str(error) == "OfThisCallError: words"
    assert "Traceback" in error.__notes__[0]


def test_a_killed_worker_costs_its_call_alone(local):
    cluster_checks.check_that_a_killed_worker_costs_its_call_alone(local)


def test_nothing_is_left_at_the_end(local):
    before = children()
    call = local.executor().submit(time.sleep, SECONDS)
    wait_until(lambda: children() - before)
    started = children() - before
    assert not call.cancel()
    local.close()
    assert isinstance(call.exception(0), WorkerDiedError)
    wait_until(lambda: all(map(has_left, started)))
    with pytest.raises(RuntimeError, match="after shutdown"):
        local.executor().submit(int)


def test_a_job_has_what_was_asked_for(open_engine, slurm):
    engine = open_engine("partition=gpu,timeout_min=30,gpus_per_node=1,setup=export HELLO=there")
    call = engine.executor().submit(lambda: __import__("os").environ["HELLO"])
    assert call.result(SECONDS) == "there"
    (job,) = slurm.glob("*.job")
    for line in ("--partition=gpu", "--time=30", "--gpus-per-node=1", "--job-name=imbalance-bench"):
        assert f"#SBATCH {line}\n" in job.read_text()


def test_a_job_that_slurm_ends_says_so(open_engine, slurm):
    def complain():
        import sys

        print("out of luck", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    error = open_engine("").executor().submit(complain).exception(SECONDS)
    assert isinstance(error, WorkerDiedError)
    (job,) = slurm.glob("*.job")
    assert f"job {job.stem} ended without a result (failed)" in str(error)
    assert "out of luck" in str(error)


def test_a_job_in_the_queue_is_cancelled_and_one_that_runs_is_not(open_engine, slurm, tmp_path):
    executor = open_engine("", jobs=None).executor()

    def hold():
        (tmp_path / "started").touch()
        while not (tmp_path / "end").exists():
            time.sleep(0.02)

    runs = executor.submit(hold)
    wait_until((tmp_path / "started").exists)
    (slurm / "hold").touch()
    waits = executor.submit(int)
    executor.shutdown(wait=False, cancel_futures=True)
    assert waits.cancelled()
    states = [file.read_text() for file in sorted(slurm.glob("*.state"))]
    assert states == ["RUNNING\n", "CANCELLED\n"]
    assert not runs.cancelled()
    (tmp_path / "end").touch()
    wait([runs, waits], SECONDS)
    assert runs.exception(0) is None


def test_before_its_time_is_over_a_job_ends_and_goes_back_to_the_queue(
    open_engine, slurm, tmp_path
):
    def work():
        from benchmark.system import stopping

        file = tmp_path / "saved"
        if file.exists():
            return "from what was saved"
        os.kill(os.getpid(), signal.SIGUSR2)
        time.sleep(0.05)
        if stopping.requested():
            file.touch()
        return "too early"

    assert open_engine("").executor().submit(work).result(SECONDS) == "from what was saved"
    (job,) = slurm.glob("*.job")
    assert (slurm / "scontrol").read_text() == f"requeue {job.stem}\n"


def test_slurm_that_takes_no_job(open_engine, slurm):
    executor = open_engine("partition=none").executor()
    (slurm / "broken").touch()
    with pytest.raises(ConnectionError, match=r"takes no job: .*invalid partition") as raised:
        executor.submit(partial(int))
    assert "sinfo" in str(raised.value)


def test_slurm_without_accounting(open_engine, slurm):
    (slurm / "broken").touch()
    with pytest.raises(ConnectionError, match=r"sacct .* fails, .* connection refused"):
        open_engine("")
