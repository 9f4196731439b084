"""Lists and counts in sentences."""

import pytest

from benchmark.system import text


def test_few_names_are_all_written() -> None:
    assert text.first_names(["a", "b"], most=2) == "a, b"
    assert text.first_names([], most=2) == ""


def test_what_would_act_on_a_terminal_or_turn_a_line_is_shown_as_an_escape() -> None:
    acting = ["\x1b]0;title\x07", "\x9b31m", "\r", "\x00", "\u2028", "\u2067", "\u200f", "\ud800"]
    for characters in acting:
        printed = text.printable(f"a{characters}b")
        assert printed.isprintable()
        assert printed.isascii()


def test_letters_of_any_script_and_emoji_stay() -> None:
    for name in ("שלום", "می\u200cخواهم", "👩\u200d🔬", "一\u3000二", "a\u0301", "❤\ufe0f"):
        assert text.printable(name) == name


@pytest.mark.parametrize("c", "\u2800\u3164\u115f\u034f\ufe0f\u200d\u0301\U000e0100")
def test_what_is_seen_as_nothing_is_shown_as_an_escape(c: str) -> None:
    for name in (c, c * 3, f" {c}"):
        assert text.printable(name).isascii()
        assert text.printable(name).strip()
    assert text.printable(f"❤{c}") in (f"❤{c}", "❤" + ascii(c)[1:-1])


@pytest.mark.parametrize(
    ("name", "escaped"),
    [(" ", r"\x20"), ("\u3000\xa0", r"\u3000\xa0"), ("", ""), ("\t ", r"\x09\x20")],
)
def test_a_name_of_spaces_is_seen(name: str, escaped: str) -> None:
    assert text.printable_name(name) == escaped
