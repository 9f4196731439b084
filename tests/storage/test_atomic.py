"""Files are whole or absent."""

import json
import os

import pytest

from benchmark.storage.atomic import atomic, digest, read_json, write_json


def test_an_interrupted_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "deep" / "a.json"
    write_json(path, {"old": 1})

    def interrupted():
        with atomic(path) as temporary:
            temporary.write_text("half of")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert read_json(path) == {"old": 1}
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


def test_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    """Renamed first, it could be empty after a loss of power; so could the folder's list."""
    path, flushed = tmp_path / "a.json", []

    def flush(handle):
        flushed.append((os.fstat(handle).st_ino, path.exists()))

    monkeypatch.setattr(os, "fsync", flush)
    write_json(path, {"new": 1})
    assert flushed == [(path.stat().st_ino, False), (tmp_path.stat().st_ino, True)]


def test_json_refuses_what_other_readers_cannot_read(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert not list(tmp_path.iterdir())


def test_a_digest_is_of_content_not_of_order():
    assert digest({"a": 1, "b": [1, 2]}) == digest(json.loads('{"b": [1, 2], "a": 1}'))
    assert digest({"a": 1}) != digest({"a": 2})
