"""What becomes of signals at the end of a program; of those to copies: see `test_stopping`."""

import signal
import subprocess
import sys
import time

import pytest

from benchmark.system.process_signals import handlers_kept

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")

# Python waits at its end for threads, as for those of joblib
ENDING = """
import signal, sys, threading, time
from benchmark.cli import main
if {ignored}:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
threading.Thread(target=time.sleep, args=(1 if {ignored} else 60,)).start()
sys.argv = ["benchmark", "list"]
code = main()
print("has ended", flush=True)
sys.exit(code)
"""


@pytest.mark.parametrize(("ignored", "code"), [(False, -signal.SIGINT), (True, 0)])
def test_ctrl_c_ends_a_program_that_has_done_all_without_words(ignored, code, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(ENDING.format(ignored=ignored))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    handlers = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen([sys.executable, program], **pipes, **handlers, text=True) as process:
        while "has ended" not in process.stdout.readline():
            assert process.poll() is None
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (code, "")


# a signal that comes while a library is imported
INTERRUPTING = """
import os, signal, sys

class Finder:
    def find_spec(name, path=None, target=None):
        if name == "platformdirs":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder)
"""


def test_ctrl_c_while_a_program_is_imported_ends_it_without_words(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = [sys.executable, "-m", "benchmark", "list"]
    handlers = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, **handlers)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


def test_handlers_that_a_library_replaces_are_set_back():
    before = signal.getsignal(signal.SIGTERM)
    with handlers_kept():
        signal.signal(signal.SIGTERM, lambda *_: None)
    assert signal.getsignal(signal.SIGTERM) is before
