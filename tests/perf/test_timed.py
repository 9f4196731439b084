"""A command is timed from outside."""

import sys

import pytest

from tests.perf import memory
from tests.perf.timed import run_timed


def test_a_command_is_timed_from_outside_with_the_memory_of_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "SECONDS_BETWEEN_SAMPLES", 0.05)
    child = "import time; held = bytearray(64 * 2**20); time.sleep(0.4)"
    code = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); print('{{}}')"
    )
    timed = run_timed([sys.executable, "-c", code], tmp_path / "log")
    assert 0.4 < timed.seconds < 20
    assert timed.result() == {}
    assert timed.memory["anonymous"] > 64 * 2**20
    assert timed.memory["all"] >= timed.memory["anonymous"]
    assert timed.others is None or timed.others >= 0


def test_a_failed_command_is_reported_with_its_output(tmp_path):
    with pytest.raises(ChildProcessError, match=r"code 3(.|\n)*the reason"):
        run_timed(
            [sys.executable, "-c", "import sys; print('the reason', file=sys.stderr); sys.exit(3)"],
            tmp_path / "log",
        )
