from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

from benchmark.storage import number_columns
from benchmark.storage.number_columns import Floats, Integers, Names
from benchmark.storage.packed import pack_array
from benchmark.storage.stored_file import DamagedFileError
from benchmark.storage.typed_json import from_json, to_json, with_hash


@dataclass(frozen=True)
class Columns:
    labels: Integers
    sure: dict[str, Floats]
    files: Names
    groups: Integers | None = None


def columns(number: int) -> Columns:
    sure = [None, *np.linspace(0, 1, number - 1).round(5).tolist()]
    files = Names([f"ä/\udce9 {i}\n.png" for i in range(number)])
    return Columns(Integers(range(number)), {"test": Floats(sure)}, files)


@pytest.mark.parametrize("most", [0, 100])
def test_what_is_written_is_read(most: int, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(number_columns, "MOST_LISTED", most)
    written = columns(60)
    text = to_json(written)
    assert ("dtype" in text) == (most == 0)
    read = from_json(Columns, text, tmp_path / "file.json")
    assert read == written
    assert read.sure["test"][0] is None
    assert read.sure["test"][1:3] == (0.0, 0.01724)
    assert np.asarray(read.labels).dtype == np.int32
    assert np.isnan(np.asarray(read.sure["test"])[0])
    assert read.files[-1] == "ä/\udce9 59\n.png"


def test_tuples_are_written_alike(tmp_path) -> None:
    own = columns(5)
    plain = Columns(tuple(own.labels), {"test": tuple(own.sure["test"])}, tuple(own.files))
    assert to_json(plain) == to_json(own)
    assert own.labels == (0, 1, 2, 3, 4)
    assert own.labels != (0, 1, 2, 3)


def test_large_numbers_are_kept() -> None:
    assert list(Integers([2**40, -1])) == [2**40, -1]


@pytest.mark.parametrize(
    "wrong",
    [
        '"labels": [1, 2.5]',
        '"labels": [true]',
        '"labels": "12"',
        f'"labels": {json.dumps(pack_array(np.array([0.5])))}',
        f'"labels": {json.dumps(pack_array(np.array([[1]])))}',
        '"labels": {"dtype": "<i4", "shape": [9], "data": "eJxjYAADAAAIAAE="}',
        '"labels": {"dtype": "<i4"}',
        '"files": [1]',
        '"files": {"names": "??"}',
        '"sure": {"test": ["a"]}',
    ],
)
def test_other_content_is_damaged(wrong: str, tmp_path) -> None:
    fields = {"labels": '"labels": [1]', "sure": '"sure": {}', "files": '"files": ["a"]'}
    fields[wrong.split('"')[1]] = wrong
    text = with_hash("{\n " + ", ".join(fields.values()) + "\n}\n")
    with pytest.raises(DamagedFileError, match=r"file\.json is damaged"):
        from_json(Columns, text, tmp_path / "file.json")
