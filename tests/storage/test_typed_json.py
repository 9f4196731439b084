"""Typed JSON files: written and read alike, refused in words."""

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.storage import typed_json
from benchmark.storage.stored_file import DamagedFileError, with_hash
from benchmark.storage.typed_json import (
    SCHEMA_VERSION,
    from_json,
    read,
    read_object,
    to_json,
    write,
)

FILE = Path("somewhere/record.json")


@dataclass(frozen=True)
class Inner:
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Outer:
    schema_version: int = SCHEMA_VERSION
    name: str
    inner: Inner
    by_seed: dict[int, str]
    free: Any = None


def outer(**changes):
    fields = {"name": "a", "inner": Inner((0.1, 1e-300, None)), "by_seed": {7: "key"}}
    return Outer(**{**fields, **changes})


def test_a_dataclass_is_read_as_it_was_written():
    assert from_json(Outer, to_json(outer()), FILE) == outer()


def test_bytes_of_a_name_that_are_no_text_come_back(tmp_path):
    inner = Inner((0.1, math.inf, None))
    free = {"array": np.array([0.5, np.nan]), "other": Path("a"), "tuple": (1, True, None)}
    write(tmp_path / "a.json", outer(name="caf\udce9\ud800", inner=inner, free=free))
    back = read(Outer, tmp_path / "a.json")
    assert back.name == "caf\udce9\ud800"
    assert os.fsencode(back.name[:4]) == b"caf\xe9"
    assert back.inner == Inner((0.1, None, None))
    assert back.by_seed == {7: "key"}
    text = to_json(outer(inner=inner, free=free))
    assert from_json(Outer, text, FILE) == replace(back, name="a")


@pytest.mark.parametrize("name", ["a", "caf\udce9"])
def test_a_long_text_is_not_indented_and_is_read_alike(monkeypatch, tmp_path, name):
    many = outer(name=name, inner=Inner((0.5,) * 100))
    indented = to_json(many)
    monkeypatch.setattr(typed_json, "INDENTED", 200)
    write(tmp_path / "a.json", many)
    text = (tmp_path / "a.json").read_text()
    assert text.count("\n") == 3  # the hash is on a line of its own
    assert len(text) < len(indented) - 200
    assert read(Outer, tmp_path / "a.json") == many
    assert "\n  " in indented


def test_numbers_that_are_not_finite_become_null():
    text = to_json(outer(inner=Inner((float("nan"), float("inf"), 0.5)), free=float("nan")))
    assert from_json(Outer, text, FILE) == outer(inner=Inner((None, None, 0.5)))


def test_what_a_plugin_left_in_a_free_field_becomes_plain():
    text = to_json(outer(free={"offset": np.array([0.5, -np.inf]), "kind": Inner}))
    free = from_json(Outer, text, FILE).free
    assert free == {"offset": [0.5, None], "kind": repr(Inner)}


def test_a_field_of_another_type_is_not_written():
    with pytest.raises(ValueError, match="serialized value may not be as expected"):
        to_json(outer(inner=Inner([0.5])))


def rehashed(text):
    """A text of `to_json` that was edited, with the hash of what it is now."""
    return with_hash("{\n" + text.partition(",\n")[2])


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "it is empty"),
        ("{", "it is no JSON"),
        ("[]", "it holds no JSON object"),
        ("[" * 100_000, "it is no JSON"),
        ('{"schema_version": 2, "inner": {"values": []}}', "its content has another hash"),
        (to_json(outer()).replace("0.1", "0.2"), "its content has another hash"),
        (to_json(outer()).replace('"sha256"', '"sha257"'), "its content has another hash"),
        (to_json(outer())[:-2], "it is no JSON"),
        (rehashed(to_json(outer()).replace('"a"', "1")), "name: Input should be a valid string"),
        (
            rehashed(to_json(outer()).replace("0.1", '"x"')),
            "inner.values.0: Input should be a valid number",
        ),
        (
            rehashed(to_json(outer()).replace('"7"', '"x"')),
            r"by_seed.x.\[key\]: Input should be a valid int",
        ),
    ],
    ids=range(11),
)
def test_a_damaged_text_is_named_with_what_is_wrong_and_what_to_do(text, wrong):
    message = f"^{FILE} is damaged: {wrong}.*. Run the command of this run again"
    with pytest.raises(DamagedFileError, match=message):
        from_json(Outer, text, FILE)


def test_a_file_is_read_as_it_was_written_also_with_other_ends_of_lines(tmp_path):
    file = tmp_path / "a.json"
    sha256 = write(file, outer())
    assert read(Outer, file) == outer()
    assert read_object(file)["sha256"] == sha256
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert read(Outer, file) == outer()


def test_every_changed_byte_of_a_file_is_noticed(tmp_path):
    file = tmp_path / "a.json"
    write(file, outer())
    whole = file.read_bytes()
    for position in range(len(whole)):
        for change in (0x01, 0x80):
            file.write_bytes(
                whole[:position] + bytes([whole[position] ^ change]) + whole[position + 1 :]
            )
            with pytest.raises(DamagedFileError, match=r"a.json is damaged: it"):
                read(Outer, file)
        file.write_bytes(whole[:position])
        with pytest.raises(DamagedFileError, match=r"a.json is damaged: it"):
            read(Outer, file)


def test_what_is_no_plain_file_is_not_opened(tmp_path):
    file, elsewhere = tmp_path / "a.json", tmp_path / "elsewhere.json"
    with pytest.raises(FileNotFoundError):
        read(Outer, file)
    write(elsewhere, outer())
    file.symlink_to(elsewhere)
    with pytest.raises(DamagedFileError, match="it is a link, which is not followed"):
        read(Outer, file)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(DamagedFileError, match="it is no plain file"):
        read(Outer, file)
    file.unlink()
    file.mkdir()
    with pytest.raises(DamagedFileError, match="it is no plain file"):
        read(Outer, file)


def test_a_file_of_version_0_1_is_refused():
    with pytest.raises(
        ValueError, match=f"^{FILE} was written by version 0.1.*trains all networks"
    ):
        from_json(Outer, '{"name": "a"}', FILE)


LATER = with_hash('{\n "schema_version": 3\n}\n')


@pytest.mark.parametrize("text", ['{"schema_version": 1}', LATER])
def test_a_file_of_another_version_is_refused(text):
    message = f"^{FILE} has schema version [13].* reads version 2. Read"
    with pytest.raises(ValueError, match=message):
        from_json(Outer, text, FILE)
