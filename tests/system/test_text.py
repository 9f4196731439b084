"""Lists and counts in sentences."""

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
    for name in ("שלום", "می\u200cخواهم", "👩\u200d🔬", "一\u3000二", "a\u0301"):
        assert text.printable(name) == name
