"""Calls that would end the process."""

import faulthandler
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import pytest
import torch

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
        lambda: os.closerange(3, 4),
        lambda: os.seteuid(os.geteuid()),
        lambda: sys.addaudithook(print),
        lambda: faulthandler.dump_traceback_later(3600, exit=True),
        lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)),
        lambda: resource.prlimit(0, resource.RLIMIT_CPU, (1, 1)),
        lambda: torch.library.Library("aten", "IMPL"),
        lambda: torch.library.impl("aten::relu", "CPU")(abs),
    ],
)
def test_what_would_end_the_process_raises_and_is_noted(call):
    with forbidden() as called:
        with pytest.raises(ProcessEndError, match=r"it called [\w.]+\.\w+\(.*, which would end"):
            call()
        assert len(called) == 1


def test_other_processes_may_be_ended():
    with forbidden() as called:
        os.kill(os.getpid(), 0)  # only asks
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert not called


def test_ordinary_uses_of_such_calls_are_none_of_them():
    with forbidden() as called:
        resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        resource.prlimit(0, resource.RLIMIT_CPU)
        torch.library.Library("of_a_test", "DEF")
        faulthandler.dump_traceback_later(3600)
        faulthandler.cancel_dump_traceback_later()
        for method in ("fork", "spawn", "forkserver"):
            process = multiprocessing.get_context(method).Process(target=time.sleep, args=(0,))
            process.start()
            process.join()
            assert process.exitcode == 0, method
    assert not called


def _ends_itself(number):
    with forbidden(), pytest.raises(ProcessEndError):
        os.kill(os.getpid(), number)
    return os.getpid()


def test_a_copy_that_isolates_code_itself_is_a_worker():
    with forbidden():  # the calls are replaced before the copy is made
        pass
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, mp_context=fork) as executor:
        assert executor.submit(_ends_itself, signal.SIGKILL).result(10) != os.getpid()


def test_the_calls_do_what_they_did_afterwards():
    with forbidden():
        pass
    first = os._exit, os.kill, signal.raise_signal
    with forbidden(), forbidden():
        assert os._exit is first[0]
    assert (os._exit, os.kill, signal.raise_signal) == first
    os.kill(os.getpid(), signal.SIGCONT)
    signal.raise_signal(signal.SIGCONT)
    done = subprocess.run([sys.executable, "-c", OWN_END], check=False)
    assert done.returncode == 7


OWN_END = """
import os
from benchmark.system.forbidden_calls import forbidden
with forbidden():
    pass
os._exit(7)
"""

LEFT_FOR_THE_END = """
import atexit, os, sys
from pathlib import Path
from importlib.util import module_from_spec, spec_from_file_location
from benchmark.system.forbidden_calls import keep_exit_code
from benchmark.system.isolation import isolated
if sys.argv[2:]:
    keep_exit_code()
with isolated():
    atexit.register(os._exit, 0)
    spec = spec_from_file_location("left", sys.argv[1])
    spec.loader.exec_module(module_from_spec(spec))
sys.exit(3)
"""


@pytest.mark.parametrize(("words", "code", "raised"), [(["ours"], 3, 2), ([], 0, 0)])
def test_what_is_left_for_the_end_of_our_program_does_not_choose_its_exit_code(
    tmp_path, words, code, raised
):
    """In a program of the user's, which may exit as it likes, it does."""
    file = tmp_path / "left.py"
    file.write_text("import atexit, os\natexit.register(lambda: os._exit(0))\n")
    command = [sys.executable, "-c", LEFT_FOR_THE_END, file, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stderr.count("it called os._exit(0), which would end the run") == raised
