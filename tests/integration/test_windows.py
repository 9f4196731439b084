"""The command line without the parts of Python that Windows lacks.

This is as near to Windows as another system comes: its paths and its own locks are not tried.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START = """
import multiprocessing, os, sys
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
for name in (
    "sched_getaffinity sched_setaffinity sysconf confstr pwrite pread posix_fallocate nice chown "
    "getloadavg setsid killpg getpgid wait3 wait4 sendfile mkfifo forkpty"
).split():
    if hasattr(os, name):
        delattr(os, name)
multiprocessing.set_start_method("spawn", force=True)
if __name__ == "__main__":
    from benchmark.cli import main
    sys.exit(main())
"""
SMALL = (
    *("--quick", "--image-size", "16", "--weights", "none", "--fine-tune", "head"),
    *("--plugin", str(ROOT / "tests" / "small_backbone.py"), "--backbone", "small"),
    *("--strategies", "no_change"),
)


@pytest.fixture
def start(tmp_path):
    """Run a command and return what it prints; it must succeed."""
    (tmp_path / "start.py").write_text(START, encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "IMBALANCE_BENCH_CACHE": str(tmp_path / "cache"),
        "OMP_NUM_THREADS": "1",
    }

    def run(*arguments):
        command = [sys.executable, "start.py", *arguments]
        result = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run


def test_the_lists_and_the_cache_are_shown(start):
    assert "no_change" in start("list")
    assert "0 B" in start("cache")


@pytest.mark.slow
def test_data_is_described_and_a_run_planned(start):
    assert "1,797 handwritten digits" in start("data", "digits")
    assert "no_change" in start("plan", "--data", "digits", *SMALL)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_is_made_and_reported(start, tmp_path, jobs):
    start("run", "--data", "digits", *SMALL, "--jobs", jobs, "--out", "out")
    assert (tmp_path / "out" / "report.html").exists()
    assert "pixels of digits" in start("cache")
    start("cache", "--clear")
    assert not any((tmp_path / "cache" / "pixels").iterdir())
    for path in (tmp_path / "out").rglob("*"):
        assert not re.search(r'[<>:"|?*\\]|[. ]$', path.name), f"Windows allows no {path.name}"
