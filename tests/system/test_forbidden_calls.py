"""Calls that would end the process."""

import os
import signal
import subprocess
import sys

import pytest

from benchmark.system.forbidden_calls import ProcessEndError, forbidden


@pytest.mark.parametrize(
    "call",
    [
        lambda: os._exit(0),
        lambda: os.abort(),
        lambda: os.fork(),
        lambda: os.kill(os.getpid(), signal.SIGTERM),
        lambda: os.kill(os.getppid(), signal.SIGTERM),
        lambda: os.kill(0, signal.SIGTERM),
        lambda: os.killpg(os.getpgrp(), signal.SIGTERM),
        lambda: signal.raise_signal(signal.SIGTERM),
        lambda: os.execvp("true", ["true"]),
    ],
)
def test_what_would_end_the_process_raises_and_is_noted(call):
    with forbidden() as called:
        with pytest.raises(ProcessEndError, match=r"it called (os|signal)\..*, which would end"):
            call()
        assert len(called) == 1


def test_other_processes_may_be_ended():
    with forbidden() as called:
        os.kill(os.getpid(), 0)  # only asks
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert not called


def test_the_calls_are_what_they_were_afterwards():
    before = os._exit, os.kill, signal.raise_signal
    with forbidden(), forbidden():
        assert os._exit is not before[0]
    assert (os._exit, os.kill, signal.raise_signal) == before
