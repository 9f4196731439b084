"""Whole runs on real clusters of this machine: a worker is killed, then the process of the run.

The same command ends the run, trains nothing again that was finished, and its networks are equal to
those of a run on no cluster, to the bit.
"""

import json
import os
import signal
import subprocess
import time

import pytest

from benchmark.execution.heartbeat import Heartbeat
from benchmark.execution.run_folder import RunFolder
from tests.integration.commands import (
    SMALL,
    assert_same_outputs,
    call,
    command,
    load_outputs,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX"),
]
ENGINES = ["dask", "ray", "slurm:cluster=local"]
SECONDS = 120  # for anything to happen
# crt goes on from the beginning of no_change; long enough to be killed in the midst of it
TRAINING = ("--epochs", "1+30", "--strategies", "no_change,class_weights,crt", "--no-null")


def words(data, out, *more):
    return ["run", "--data", data, *SMALL.flags, *TRAINING, "--jobs", "2", "--out", out, *more]


@pytest.fixture(scope="module")
def expected(image_folder, tmp_path_factory):
    """The outputs of the run on processes of this machine."""
    folder = tmp_path_factory.mktemp("local")
    done = call(*words(image_folder, folder))
    assert done.returncode == 0, done.stderr
    return load_outputs(folder)


def start(line, folder):
    with (folder.parent / "log").open("a") as log:
        return subprocess.Popen(
            command(*line), stdout=log, stderr=log, cwd=folder.parent, start_new_session=True
        )


def wait_for(condition, run, folder):
    deadline = time.monotonic() + SECONDS
    while not (value := condition()):
        assert run.poll() is None, (folder.parent / "log").read_text()
        assert time.monotonic() < deadline, (folder.parent / "log").read_text()
        time.sleep(0.02)
    return value


def beat_at_work(folder):
    """Return the heartbeat of a worker in the midst of a segment."""
    beats = map(Heartbeat.read, folder.path.glob("states/*.steps"))
    return next((beat for beat in beats if beat and beat.steps > 10), None)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_worker_and_a_killed_run_cost_what_was_under_way(
    engine, image_folder, tmp_path, expected
):
    folder = RunFolder(tmp_path / "run")
    line = words(image_folder, folder.path, "--engine", engine)
    run = start(line, folder.path)
    beat = wait_for(lambda: beat_at_work(folder), run, folder.path)
    os.kill(beat.owner.process, signal.SIGKILL)
    second = wait_for(lambda: retried(folder), run, folder.path)
    assert second.attempt == 2
    assert second.reason
    wait_for(lambda: [*folder.path.glob("outputs/*.json")], run, folder.path)
    finished = [*folder.path.glob("outputs/*.safetensors")]
    run.kill()
    run.wait()
    times = {file: file.stat().st_mtime_ns for file in finished}

    again = start(line, folder.path)
    assert again.wait(SECONDS) == 0, (tmp_path / "log").read_text()
    assert times
    assert {file: file.stat().st_mtime_ns for file in finished} == times
    assert_same_outputs(expected, load_outputs(folder.path))
    records = [json.loads(file.read_text()) for file in folder.path.glob("records/*.json")]
    assert [record["status"] for record in records] == ["ok"] * 3
    assert not (folder.path / "states").exists()


def retried(folder):
    beats = map(Heartbeat.read, folder.path.glob("states/*.steps"))
    return next((beat for beat in beats if beat and beat.attempt > 1), None)
