"""How a number is written, the same way in every table and sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

MISSING = "–"
MINUS = "\N{MINUS SIGN}"


def share(value: float, digits: int = 3) -> str:
    """Write a number between 0 and 1 without its leading zero.

    >>> share(0.3121), share(1.0), share(-0.05), share(float("nan"))
    ('.312', '1.000', '−.050', '–')
    """
    if not math.isfinite(value):
        return MISSING
    text = f"{abs(value):.{digits}f}".removeprefix("0")
    return (MINUS if value < 0 and text.strip(".0") else "") + text


def count(value: float) -> str:
    """Write a count, or the mean of counts over seeds.

    >>> count(12.0), count(11.6667), count(16384)
    ('12', '11.7', '16,384')
    """
    if not math.isfinite(value):
        return MISSING
    rounded = round(value) if abs(value - round(value)) < 0.05 or abs(value) >= 1000 else value
    text = f"{abs(rounded):,}" if isinstance(rounded, int) else f"{abs(rounded):.1f}"
    return (MINUS if rounded < 0 else "") + text


def counts(values: Iterable[float]) -> Callable[[float], str]:
    """Return how counts of one column are written: all with one decimal where one has a fraction.

    >>> counts([7.0, 9.8])(7.0), counts([7.0, 9.0])(7.0)
    ('7.0', '7')
    """
    if all(count(value).isdigit() or value >= 1000 or value != value for value in values):
        return count
    return lambda value: count(value) if count(value) == MISSING else _one_decimal(value)


def _one_decimal(value: float) -> str:
    return f"{MINUS if value < 0 and round(value, 1) else ''}{abs(value):,.1f}"


def seconds(value: float) -> str:
    """Write a duration in seconds.

    >>> seconds(0.024), seconds(3.21), seconds(1234.4)
    ('0.0', '3.2', '1,234')
    """
    if not math.isfinite(value):
        return MISSING
    return f"{value:,.{1 if value < 9.95 else 0}f}"


def probability(value: float) -> str:
    """Write a p-value; a small one is said to be below what is shown.

    >>> probability(0.0384), probability(0.00002), probability(1.0), probability(float("nan"))
    ('.038', '< .001', '1.000', '–')
    """
    return "< .001" if value < 0.001 else share(value)


def change(text: str) -> str:
    """Give a written difference its sign.

    >>> change(".137"), change("−2"), change("0"), change(".000")
    ('+.137', '−2', '±0', '±.000')
    """
    if text == MISSING or text.startswith(MINUS):
        return text
    return ("+" if text.strip(".0") else "±") + text


def listed(names: list[str], joint: str = "and") -> str:
    """Join names as a sentence does.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def plural(number: int, one: str, many: str) -> str:
    """Choose the noun that fits a number.

    >>> plural(1, "class", "classes"), plural(17, "class", "classes")
    ('1 class', '17 classes')
    """
    return f"{number:,} {one if number == 1 else many}"
