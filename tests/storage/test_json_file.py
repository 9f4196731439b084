"""A JSON file is read only if it is what was written."""

import pytest

from benchmark.storage.json_file import read_json, write_json


def test_what_was_written_comes_back_and_what_was_damaged_does_not(tmp_path):
    file, content = tmp_path / "a.json", {"b": [1, 2.5, None], "a": "é"}
    assert read_json(file) is None
    write_json(file, content)
    assert read_json(file) == content | {"sha256": read_json(file)["sha256"]}
    text = file.read_text()
    for damaged in (text.replace("2.5", "3.5"), text[:-3], ""):
        file.write_text(damaged)
        assert read_json(file) is None


def test_json_refuses_what_other_readers_cannot_read(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert not list(tmp_path.iterdir())
