"""Texts of a page show every character, and words from right to left stay in their place."""

from __future__ import annotations

import pytest

from benchmark.report.render.safe_text import isolate, shorten
from benchmark.system.text import printable_lines


def test_characters_that_no_document_can_hold_are_shown_as_escapes() -> None:
    assert printable_lines("a\x00b\ud800\nc\u202e") == "a\\x00b\\ud800\nc\\u202e"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("short", "short"),
        ("focal_loss:gamma=2.0", "foca…a=2.0"),
        ("a\nb", "a\\nb"),
        ("a  b ", "a b"),
        (" ", "\\x20"),
        ("\u3164", "\\u3164"),
        ("\x1b" * 9, "\\x1b…b\\x1b"),
    ],
)
def test_long_names_lose_their_middle(name: str, short: str) -> None:
    assert shorten(name, 10) == short
    assert len(shorten(name, 10)) <= 10


def test_each_name_from_right_to_left_is_isolated_from_what_follows() -> None:
    assert isolate("שלום, עולם רחב (3)", "[", "]") == "[שלום], [עולם רחב] (3)"
    assert isolate("café, 日本", "[", "]") == "café, 日本"
