"""Processes that start meanwhile search no working folder, and workers end with their parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.system.processes import safe_import_path


def printed_by(code):
    """Return what another process prints that runs Python code."""
    return subprocess.check_output([sys.executable, "-c", code], text=True, timeout=50).strip()


@pytest.mark.parametrize("before", [None, "1"])
def test_the_environment_is_as_before_afterwards(monkeypatch, before):
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    if before:
        monkeypatch.setenv("PYTHONSAFEPATH", before)
    code = "import sys; print(sys.flags.safe_path)"
    with safe_import_path():
        assert printed_by(code) == "True"
    assert os.environ.get("PYTHONSAFEPATH") == before


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_a_worker_ends_when_its_parent_has_ended(tmp_path):
    """It may be waiting, or within one call of a library."""
    worker = (
        "import os, sys, hashlib; from pathlib import Path; from benchmark.system import processes;"
        "processes.SECONDS_BETWEEN_LOOKS = 0.05; processes.follow_parent(os.getppid());"
        "Path(sys.argv[1]).write_text(str(os.getpid()));"
        "hashlib.pbkdf2_hmac('md5', b'', b'', 1 << 30)"
    )
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"
    file = tmp_path / "pid"
    process = subprocess.Popen([sys.executable, "-c", parent, worker, str(file)])
    deadline = time.monotonic() + 30
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait()
    while is_running(int(file.read_text())):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.01)


def is_running(process):
    """A process that has ended stays a zombie until somebody asks for it."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_ending_workers_where_there_are_none_starts_none():
    code = (
        "import sys; from benchmark.system.processes import end_workers, kill_workers;"
        "end_workers(); kill_workers(); print('joblib' in sys.modules)"
    )
    assert printed_by(code) == "False"


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for signals in /proc")
def test_a_lost_terminal_does_not_end_what_removes_shared_files():
    """It would be started anew at the end, and complain of files that it does not know."""
    code = (
        "import signal, joblib; from benchmark.system.processes import start_tracker;"
        "from joblib.externals.loky.backend.resource_tracker import _resource_tracker;"
        "start_tracker(); print(signal.pthread_sigmask(signal.SIG_BLOCK, []));"
        "print(open(f'/proc/{_resource_tracker._pid}/status').read())"
    )
    lines = printed_by(code).splitlines()
    assert lines[0] == "set()"
    (blocked,) = [line.split()[1] for line in lines if line.startswith("SigBlk")]
    assert int(blocked, 16) >> (signal.SIGHUP - 1) & 1


def test_a_worker_whose_parent_has_ended_before_it_began_ends_at_once():
    code = (
        "import os, time; from benchmark.system.processes import follow_parent;"
        "follow_parent(os.getppid() + 1); time.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 1


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")
def test_workers_that_wait_are_not_ended_by_the_signals_of_their_parent():
    """Or joblib would kill all others in the midst of their work."""
    code = (
        "import joblib, os, signal, time; from benchmark.system import processes;"
        "parallel = joblib.Parallel(2, **processes.following_workers());"
        "work = lambda: list(parallel(joblib.delayed(time.sleep)(0.2) for _ in range(4)));"
        "workers = lambda: {*processes._joblib_executor()._processes};"
        "work(); before = workers();"
        "[os.kill(w, n) for w in before for n in (signal.SIGHUP, signal.SIGINT)];"
        "processes.ask_workers_to_end(); time.sleep(0.2); work();"
        "print(len(before), before == workers()); processes.end_workers()"
    )
    assert printed_by(code) == "2 True"


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")
def test_a_task_may_start_and_end_processes_of_its_own():
    code = (
        "import joblib, math, multiprocessing; from benchmark.system import processes\n"
        "def work():\n"
        "  with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "    return pool.map_async(math.sqrt, [4]).get(60)\n"
        "parallel = joblib.Parallel(2, **processes.following_workers())\n"
        "if __name__ == '__main__': print(parallel([joblib.delayed(work)()]))"
    )
    assert printed_by(code) == "[[2.0]]"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
def test_workers_are_killed_in_the_midst_of_a_task():
    code = (
        "import joblib, threading, time; from benchmark.system import processes\n"
        "def work(seconds): time.sleep(seconds)\n"
        "def kill():\n"
        "  time.sleep(1); processes.kill_workers()\n"
        "if __name__ == '__main__':\n"
        "  parallel = joblib.Parallel(2, **processes.following_workers())\n"
        "  parallel([joblib.delayed(work)(0)] * 2)\n"
        "  threading.Thread(target=kill).start()\n"
        "  try: parallel([joblib.delayed(work)(60)] * 2)\n"
        "  except Exception as error: print(type(error).__name__)"
    )
    assert printed_by(code) == "TerminatedWorkerError"
