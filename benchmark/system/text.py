"""Numbers and names as they stand in a sentence."""

import re
import unicodedata
from collections.abc import Sequence

_JOINERS = "\u200c\u200d"  # of Persian words, and of emoji
# drawn as nothing, though letters and symbols: of Braille, of Korean, of notes
_BLANKS = "\u2800\u115f\u1160\u3164\uffa0\U0001d159"
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # but for tabs and line feeds
_MOST_MARKS = 8  # on one letter, as accents: more would cover the lines above and below


def pluralize(number: int, singular: str, plural: str) -> str:
    """Format a number with its noun, in the singular or the plural.

    >>> pluralize(1, "class", "classes"), pluralize(17, "class", "classes")
    ('1 class', '17 classes')
    """
    return f"{number:,} {singular if number == 1 else plural}"


def join_names(names: Sequence[str], joint: str = "and") -> str:
    """Join names to a list in a sentence.

    >>> join_names(["a", "b", "c"])
    'a, b and c'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def first_names(names: Sequence[str], most: int = 10, between: str = ", ") -> str:
    """Join the first names, at most so many, and say how many more there are.

    >>> first_names(["a", "b", "c", "d"], most=2)
    'a, b and 2 more'
    >>> first_names(["a and b", "c and d", "e and f"], most=2, between="; ")
    'a and b; c and d; and 1 more'
    """
    before = between.replace(",", "").rstrip()  # a list has no comma before its "and"
    more = f"{before} and {len(names) - most} more" if len(names) > most else ""
    return between.join(names[:most]) + more


def truncate(text: str, most: int) -> str:
    """Cut a text that has more than so many characters.

    >>> truncate("abc", 3), truncate("abcd", 3)
    ('abc', 'abc…')
    """
    return text if len(text) <= most else f"{text[:most]}…"


def printable(text: str) -> str:
    r"""Return a line with escapes in place of what can't be printed or hides how the text reads.

    These are control characters, among them those that begin a terminal's commands; marks that
    turn the direction of a line; invisible characters; accents that pile up or that stand on no
    letter; and bytes that are no text. Letters of any script and emoji stay.

    >>> printable("a\tb"), printable("caf\udce9"), printable("café")
    ('a\\tb', 'caf\\udce9', 'café')
    >>> printable("\x1b[31m"), printable("\u202egpj.exe")
    ('\\x1b[31m', '\\u202egpj.exe')
    """
    if text.isascii() and text.isprintable():
        return text
    characters, marks, has_base = list[str](), 0, False
    for c in text:
        is_mark = unicodedata.category(c) in ("Mn", "Me")
        joins = is_mark or c in _JOINERS  # is seen on the character before it, or not at all
        marks = marks + 1 if is_mark else 0
        stays = _is_visible(c) and marks <= _MOST_MARKS and (has_base or not joins)
        characters.append(c if stays else ascii(c)[1:-1])
        has_base = stays and not c.isspace()
    return "".join(characters)


def printable_name(name: str) -> str:
    r"""Return a name as `printable` does; one that would be seen as nothing is all escapes.

    >>> printable_name("a b"), printable_name(" ")
    ('a b', '\\x20')
    """
    if name.strip():
        return printable(name)
    return "".join(f"\\x{ord(c):02x}" if c < "\x7f" else ascii(c)[1:-1] for c in name)


def printable_lines(text: str) -> str:
    r"""Return a text of several lines as `printable` returns one. Only \n ends a line.

    >>> printable_lines("a\tb\nc\r")
    'a\\tb\nc\\r'
    """
    return "\n".join(map(printable, text.split("\n")))


def escape_controls(text: str) -> str:
    r"""Return a text as a table holds it: control characters are escapes, all others stay.

    >>> escape_controls("\x1b[31m\x00\r"), escape_controls("a\tb\nc")
    ('\\x1b[31m\\x00\\r', 'a\tb\nc')
    """
    return _CONTROLS.sub(lambda match: ascii(match[0])[1:-1], text)


def _is_visible(c: str) -> bool:
    if c in _BLANKS:
        return False
    return c.isprintable() or c in _JOINERS or unicodedata.category(c) == "Zs"


def list_below(sentence: str, items: Sequence[str]) -> str:
    r"""Put items below a sentence, a line each, as in an error that says what was found.

    >>> list_below("No images.", ["3 files have no suffix."])
    'No images.\n- 3 files have no suffix.'
    """
    return "\n".join([sentence, *(f"- {item}" for item in items)])
