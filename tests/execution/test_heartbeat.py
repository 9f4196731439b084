"""A worker's heartbeat."""

from benchmark.execution import heartbeat
from benchmark.execution.heartbeat import Heartbeat
from benchmark.system import stopping


def test_steps_are_added_up_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "SECONDS_BETWEEN_BEATS", 0.0)
    beat = Heartbeat(tmp_path / "states" / "key.steps", tmp_path / "states" / "stop")
    assert Heartbeat.read(beat.path) == 0
    beat(3)
    beat(4)
    assert Heartbeat.read(beat.path) == 7


def test_a_file_that_is_being_written_counts_as_no_step(tmp_path):
    (tmp_path / "key.steps").write_text("")
    assert Heartbeat.read(tmp_path / "key.steps") == 0


def test_it_looks_for_the_file_that_asks_to_end(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "SECONDS_BETWEEN_BEATS", 0.0)
    monkeypatch.setattr(stopping, "_wish", stopping._Wish())
    beat = Heartbeat(tmp_path / "key.steps", tmp_path / "stop")
    beat(1)
    assert not stopping.requested()
    (tmp_path / "stop").touch()
    beat(1)
    assert stopping.requested()


def test_steps_that_can_not_be_written_end_no_training(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "SECONDS_BETWEEN_BEATS", 0.0)
    (tmp_path / "key.steps").mkdir()
    Heartbeat(tmp_path / "key.steps", tmp_path / "stop")(1)
