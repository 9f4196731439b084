"""Runs that a real signal stops: nothing is left of their processes, and nothing is lost."""

import os
import signal
import subprocess
import time
from functools import cache
from pathlib import Path

import pytest

from benchmark.train.checkpoint import saved_step
from tests.integration.commands import (
    SMALL,
    assert_same_outputs,
    call,
    command,
    load_outputs,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc"),
]
SECONDS = 10  # SLURM and Kubernetes wait for 30, Docker for 10


def words(data, out, jobs):
    # long enough to be stopped in the midst of it, on any machine
    training = ["--epochs", "1+150", "--strategies", "no_change,focal_loss", "--no-null"]
    return ["run", "--data", data, *SMALL.flags, *training, "--jobs", jobs, "--out", out]


@pytest.fixture(scope="module")
def whole(image_folder, tmp_path_factory):
    """Return a function that returns the outputs of a run in so many jobs that nothing stops."""

    @cache
    def run(jobs):
        folder = tmp_path_factory.mktemp("whole")
        done = call(*words(image_folder, folder, jobs))
        assert done.returncode == 0, done.stderr
        return load_outputs(folder)

    return run


def start_in_session(*line, env):
    """Start a command whose processes can be told from all others."""
    return subprocess.Popen(
        command(*line),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        start_new_session=True,
        # a suite in the background, or under nohup, hands down that signals are ignored
        preexec_fn=lambda: [
            signal.signal(s, signal.SIG_DFL) for s in (signal.SIGINT, signal.SIGHUP)
        ],
    )


def processes_of(session):
    remaining = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, number = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:4]
            if int(number) == session and state != "Z":
                remaining.append((folder / "cmdline").read_text())
        except OSError:  # it has ended
            continue
    return remaining


def wait_until(condition, process):
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("jobs", "number", "send", "code"),
    [
        (1, signal.SIGINT, os.kill, 130),
        (1, signal.SIGHUP, os.killpg, 129),
        (2, signal.SIGTERM, os.kill, 143),
        (2, signal.SIGTERM, os.killpg, 143),
        (2, signal.SIGINT, os.killpg, 130),
    ],
)
def test_what_is_being_trained_is_saved_and_all_processes_end(
    image_folder, tmp_path, whole, jobs, number, send, code
):
    temporary, out = tmp_path / "tmp", tmp_path / "run"
    temporary.mkdir()
    env = os.environ | {"TMPDIR": str(temporary)}
    process = start_in_session(*words(image_folder, out, jobs), env=env)
    states = out / "states"
    sign = "*.steps" if jobs == 2 else "*.running"
    wait_until(lambda: len(list(states.glob(sign))) == jobs, process)
    time.sleep(0.5)
    begun = time.monotonic()
    send(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - begun < SECONDS
    assert process.returncode == code, errors
    assert f"stopped by {number.name}: " in errors
    assert "the same command continues from there: python -m benchmark run --data" in errors
    assert "Traceback" not in errors
    while remaining := processes_of(process.pid):
        assert time.monotonic() - begun < SECONDS, remaining
        time.sleep(0.05)
    assert not [file for file in Path("/dev/shm").glob("*") if f"_{process.pid}_" in file.name]
    assert not list(temporary.rglob("joblib*"))
    saved = [file for file in states.iterdir() if file.name != "segments.json"]
    assert all(file.name.endswith(".partial.safetensors") for file in saved), saved
    assert len(saved) == jobs
    assert min(map(saved_step, saved)) > 0

    done = call(*words(image_folder, out, jobs))
    assert done.returncode == 0, done.stderr
    assert_same_outputs(whole(jobs), load_outputs(out))


@pytest.mark.parametrize("seconds", [None, 0, 0.5], ids=str)
def test_workers_end_when_the_run_is_killed(image_folder, tmp_path, seconds):
    """In the midst of a training, or so many seconds after the first of them has been started."""
    process = start_in_session(*words(image_folder, tmp_path / "run", 2), env=os.environ)
    if seconds is None:
        wait_until(lambda: list((tmp_path / "run" / "states").glob("*.steps")), process)
    else:
        wait_until(lambda: any("LokyProcess" in c for c in processes_of(process.pid)), process)
        time.sleep(seconds)
    process.kill()
    process.wait()
    deadline = time.monotonic() + SECONDS
    while remaining := processes_of(process.pid):
        assert time.monotonic() < deadline, remaining
        time.sleep(0.05)
