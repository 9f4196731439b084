"""Typed JSON files: written and read alike, refused in words."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.execution.typed_json import SCHEMA_VERSION, from_json, to_json

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


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{", "it is no JSON"),
        ("[]", "it holds no JSON object"),
        ('{"schema_version": 1, "inner": {"values": []}, "by_seed": {}}', "name: Field required"),
        (to_json(outer()).replace("0.1", '"x"'), "inner.values.0: Input should be a valid number"),
        (to_json(outer()).replace('"7"', '"x"'), r"by_seed.x.\[key\]: Input should be a valid int"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong_and_what_to_do(text, wrong):
    with pytest.raises(ValueError, match=f"^{FILE} is damaged: {wrong}.*. Remove the file"):
        from_json(Outer, text, FILE)


def test_a_file_of_version_0_1_is_refused():
    with pytest.raises(
        ValueError, match=f"^{FILE} was written by version 0.1.*trains all networks"
    ):
        from_json(Outer, '{"name": "a"}', FILE)


def test_a_file_of_a_later_version_is_refused():
    with pytest.raises(ValueError, match=f"^{FILE} has schema version 2.* reads version 1. Read"):
        from_json(Outer, '{"schema_version": 2}', FILE)
