"""Formats numbers, the same way in every table and sentence."""

import math
from collections.abc import Callable, Iterable

MISSING = "–"
MINUS = "\N{MINUS SIGN}"


def format_share(value: float, digits: int = 3) -> str:
    """Format a number between 0 and 1, without its leading zero.

    >>> format_share(0.3121), format_share(1.0), format_share(-0.05), format_share(float("nan"))
    ('.312', '1.000', '−.050', '–')
    """
    if not math.isfinite(value):
        return MISSING
    text = f"{abs(value):.{digits}f}".removeprefix("0")
    return (MINUS if value < 0 and text.strip(".0") else "") + text


def format_percent(value: float) -> str:
    """Format a share in per cent.

    >>> format_percent(0.523), format_percent(-0.05), format_percent(float("nan"))
    ('52 %', '−5 %', '–')
    """
    return f"{100 * value:.0f} %".replace("-", MINUS) if math.isfinite(value) else MISSING


def format_number(value: float) -> str:
    """Format a number with three decimals."""
    return f"{value:.3f}" if math.isfinite(value) else MISSING


def format_count(value: float) -> str:
    """Format a count, or the mean of counts over seeds.

    >>> format_count(12.0), format_count(11.6667), format_count(16384)
    ('12', '11.7', '16,384')
    """
    if not math.isfinite(value):
        return MISSING
    rounded = round(value) if abs(value - round(value)) < 0.05 or abs(value) >= 1000 else value
    text = f"{abs(rounded):,}" if isinstance(rounded, int) else f"{abs(rounded):.1f}"
    return (MINUS if rounded < 0 else "") + text


def count_formatter(values: Iterable[float]) -> Callable[[float], str]:
    """Return the format of a column of counts: one decimal for all if one of them has a fraction.

    >>> count_formatter([7.0, 9.8])(7.0), count_formatter([7.0, 9.0])(7.0)
    ('7.0', '7')
    """
    if all(format_count(value).isdigit() or value >= 1000 or value != value for value in values):
        return format_count
    return _format_one_decimal


def _format_one_decimal(value: float) -> str:
    if not math.isfinite(value):
        return MISSING
    return f"{MINUS if value < 0 and round(value, 1) else ''}{abs(value):,.1f}"


def format_seconds(value: float) -> str:
    """Format a duration in seconds.

    >>> format_seconds(0.024), format_seconds(3.21), format_seconds(1234.4)
    ('0.0', '3.2', '1,234')
    """
    if not math.isfinite(value):
        return MISSING
    return f"{value:,.{1 if value < 9.95 else 0}f}"


def format_p_value(value: float) -> str:
    """Format a p-value with three decimals, or as "< .001".

    >>> [format_p_value(p) for p in (0.0384, 0.00002, 1.0, math.nan)]
    ['.038', '< .001', '1.000', '–']
    """
    return "< .001" if value < 0.001 else format_share(value)


def p_in_words(value: float) -> str:
    """Return a p-value with its letter, for a sentence.

    >>> p_in_words(0.0384), p_in_words(0.00002)
    ('p = .038', 'p < .001')
    """
    text = format_p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def add_sign(text: str) -> str:
    """Put a sign before a formatted difference.

    >>> add_sign(".137"), add_sign("−2"), add_sign("0"), add_sign(".000")
    ('+.137', '−2', '±0', '±.000')
    """
    if text == MISSING or text.startswith(MINUS):
        return text
    return ("+" if text.strip(".0") else "±") + text


def format_bounds(*bounds: str) -> str:
    """Join the formatted bounds of a difference.

    >>> format_bounds("−.02", ".10"), format_bounds(".000", ".000")
    ('−.02 to +.10', 'no difference')
    """
    signed = [add_sign(bound) for bound in bounds]
    return "no difference" if all(b.startswith("±") for b in signed) else " to ".join(signed)


FORMATS = {"share": format_share, "number": format_number, "count": format_count}


def lower_first(title: str) -> str:
    """Return a title as it is written inside a sentence; an abbreviation stays.

    >>> lower_first("Macro-F1"), lower_first("MCC")
    ('macro-F1', 'MCC')
    """
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
