"""What an audit of labels found, in sentences of the page and the terminal."""

from typing import Any

from benchmark.analysis.label_tables import HEAD, TAIL, LabelTables
from benchmark.report.render.formats import format_share
from benchmark.system.text import pluralize

# Northcutt, Athalye & Mueller 2021: five people looked at each flagged image of ten test sets
WHAT_FLAGS_ARE = (
    "A suspect is a question, no verdict: on real data about half of such flags are errors "
    "(51 % in Northcutt et al. 2021, arXiv 2103.14749), and some errors are not flagged. Nothing "
    "is deleted or changed: look, and correct what is wrong."
)
WEAK = 0.6  # mean share of a class that heads agree with; below it, precision was under .75
MOST_TIMES = 2  # as often as the head's: more looks as if rare were mistaken for wrong


def verdict(tables: LabelTables) -> str:
    """Say how many labels look wrong."""
    number, total = len(tables.suspects), len(tables.labels)
    if not number:
        return f"None of {total:,} labels looks wrong."
    look = "looks" if number == 1 else "look"
    return f"{number:,} of {total:,} labels {look} wrong ({100 * number / total:.1f} %)."


def agreement_sentence(tables: LabelTables) -> str:
    """Say with how many labels the heads agree: what their doubts are worth."""
    table = tables.labels
    share = (table["suggested"] == table["given"]).groupby(table["given"]).mean().mean()
    sentence = f"The heads agree with {100 * share:.0f} % of a class's labels on average."
    if share >= WEAK:
        return sentence
    return (
        f"{sentence} That is little: many of the suspects will be right. Better features help, by "
        "the official weights or a larger --image-size."
    )


def rates_sentence(tables: LabelTables) -> str:
    """Compare the flag rate of rare classes with that of common ones."""
    rates = _head_and_tail(tables)
    if not rates:
        return "No class is counted as rare, so there are no rates to compare."
    head, tail = rates
    times = f": {tail.share / head.share:.1f} times as often" if head.share > 0 else ""
    return (
        f"Of the rarest classes' labels {format_share(tail.share)} are flagged "
        f"({tail.suspects:,} of {tail.images:,}), of the most common classes' "
        f"{format_share(head.share)} ({head.suspects:,} of {head.images:,}){times}."
    )


def tail_warning(tables: LabelTables) -> str:
    """Warn if rare classes are flagged much more often than common ones; else ''."""
    rates = _head_and_tail(tables)
    if not rates:
        return ""
    head, tail = rates
    if tail.share <= MOST_TIMES * head.share or tail.low <= head.high:
        return ""
    return (
        "Labels of rare classes are flagged more than twice as often as those of common ones: "
        "they may be wrong more often, or too few for a class to be known by. Look at these "
        "first, and believe the suggestions less."
    )


def conflicts_sentence(tables: LabelTables) -> str:
    """Count the copies that have another label than the image that they are a copy of."""
    number = len(tables.conflicts)
    if not number:
        return ""
    pairs = pluralize(number, "pair of images looks", "pairs of images look")
    return f"{pairs} the same and {'has' if number == 1 else 'have'} different labels."


def _head_and_tail(tables: LabelTables) -> tuple[Any, Any] | None:
    """Return the rows of the most common and of the rarest classes; None if none is rare."""
    rows = {row.group: row for row in tables.group_rates.itertuples()}
    return (rows[HEAD], rows[TAIL]) if {HEAD, TAIL} <= rows.keys() else None
