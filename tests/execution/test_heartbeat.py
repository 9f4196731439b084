"""A worker's heartbeat."""

import os
import subprocess
import sys

from benchmark.execution import heartbeat
from benchmark.execution.heartbeat import Heartbeat


def test_steps_are_added_up_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "SECONDS_BETWEEN_BEATS", 0.0)
    beat = Heartbeat(tmp_path / "states" / "key.steps", os.getpid())
    assert Heartbeat.read(beat.path) == 0
    beat(3)
    beat(4)
    assert Heartbeat.read(beat.path) == 7


def test_a_file_that_is_being_written_counts_as_no_step(tmp_path):
    (tmp_path / "key.steps").write_text("")
    assert Heartbeat.read(tmp_path / "key.steps") == 0


def test_a_worker_ends_when_nobody_waits_for_it(tmp_path):
    code = (
        "import sys; from pathlib import Path; "
        "from benchmark.execution.heartbeat import Heartbeat; "
        "Heartbeat(Path(sys.argv[1]), 1 << 30)(5); print('went on')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "key.steps")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "key.steps").exists()
