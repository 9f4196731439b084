"""Texts as a page can hold them: every character is seen, and none turns what stands beside it."""

import re

from benchmark.system.text import printable_name

_LETTERS = (  # of Hebrew, Arabic and other scripts from right to left, with their marks and digits
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]+"
)
_WORDS = re.compile(f"{_LETTERS}(?:[ \u200c\u200d]+{_LETTERS})*")
LONGEST_NAME = 100  # characters of a name in a table; the CSV files have it whole


def isolate(text: str, begin: str, end: str) -> str:
    """Put words from right to left between two marks.

    Without these a number or a bracket that follows such a word would stand on its other side.

    >>> isolate("no \u05d0 \u05d1, 3", "<bdi>", "</bdi>")
    'no <bdi>\u05d0 \u05d1</bdi>, 3'
    """
    return _WORDS.sub(lambda words: f"{begin}{words[0]}{end}", text)


def shorten(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name in `longest` letters at most, without its middle if it has more."""
    name = " ".join(printable_name(name).split())
    if len(name) <= longest:
        return name
    end = longest // 2  # variants of one strategy differ in their last parameter
    return f"{name[: longest - end - 1]}…{name[-end:]}"
