"""What an audit of labels found, in sentences of the page and the terminal."""

from collections.abc import Sequence
from typing import Any

from benchmark.analysis.label_tables import LARGEST, RAREST, LabelTables
from benchmark.report.render.safe_text import shorten
from benchmark.system.text import first_names, join_names, pluralize

# Northcutt, Athalye & Mueller 2021: five people looked at each flagged image of ten test sets
WHAT_FLAGS_ARE = (
    "A suspect is a question, no verdict: on real data about half of such flags are errors "
    "(51 % in Northcutt et al. 2021, arXiv 2103.14749), and some errors are not flagged. Nothing "
    "is deleted or changed: look, and correct what is wrong."
)
WEAK = 0.6  # mean share of a class that is agreed with; below it, precision was under .75
MOST_TIMES = 2  # as often as the largest: more looks as if rare were mistaken for wrong
MOST_NAMES = 5  # of classes in a sentence


def verdict(tables: LabelTables) -> str:
    """Say how many labels look wrong."""
    number, total = len(tables.suspects), int(tables.labels["judged"].sum())
    if not total:
        return "No label can be judged."
    if not number:
        return f"None of {total:,} labels looks wrong."
    look = "looks" if number == 1 else "look"
    return f"{number:,} of {total:,} labels {look} wrong ({100 * number / total:.1f} %)."


def not_judged_sentence(tables: LabelTables) -> str:
    """Say which labels nothing is known of, and why."""
    rates = tables.class_rates
    if (rates["images"] > 0).sum() == 1:
        only = shorten(rates["class"][0])
        return f"Can't be judged: all images that can be read are of one class ({only})."
    without = rates[(rates["images"] > 0) & (rates["judged"] == 0)]
    single, unread = without["images"] == 1, rates["class"][rates["images"] == 0]
    parts = [
        f"{pluralize(len(names), 'class', 'classes')} {why} "
        f"({first_names([shorten(name) for name in names], MOST_NAMES)})"
        for names, why in (
            (without["class"][single].tolist(), "with one image"),
            (without["class"][~single].tolist(), "whose images are all copies or of one group"),
            (unread.tolist(), "without an image that can be read"),
        )
        if names
    ]
    rest = int((rates["images"] - rates["judged"]).sum() - without["images"].sum())
    if rest:
        more = ("more image", "more images") if parts else ("image", "images")
        parts.append(f"{pluralize(rest, *more)} whose class is in no other fold")
    if not parts:
        return ""
    return f"Can't be judged: {join_names(parts)}. They count in no rate."


def agreement_sentence(tables: LabelTables) -> str:
    """Say how many labels are what the classifiers predict: what their doubts are worth."""
    table = tables.labels[tables.labels["judged"]]
    if table.empty:
        return ""
    share = (table["suggested"] == table["label"]).groupby(table["label"]).mean().mean()
    sentence = (
        "Linear classifiers predict the label of an image that they have not seen in "
        f"{100 * share:.0f} % of cases (mean over classes)."
    )
    if share >= WEAK:
        return sentence
    wrong = "labels that look wrong will be right" if len(tables.suspects) else "wrong labels pass"
    return (
        f"{sentence} That is little: many {wrong}. Better features help: those of the official "
        "weights, or of a larger --image-size."
    )


def features_sentence(network: str) -> str:
    """Say by what the classifiers know an image."""
    return f"The classifiers know an image by its features in {network}."


def rates_sentence(tables: LabelTables) -> str:
    """Compare the flag rate of rare classes with that of common ones."""
    rates = _largest_and_rarest(tables)
    if not rates:
        return "No class is counted as rare, so there are no rates to compare."
    largest, rarest = rates
    if not (largest.judged and rarest.judged):
        unknown = LARGEST if rarest.judged else RAREST
        return f"No label of the {unknown} classes can be judged, so there are no rates to compare."
    times = f": {rarest.share / largest.share:.1f} times as often" if largest.share > 0 else ""
    return (
        f"{_flagged(rarest)} of the rarest classes' labels are flagged, and {_flagged(largest)} of "
        f"the largest classes'{times}."
    )


def tail_warning(tables: LabelTables) -> str:
    """Warn if rare classes are flagged much more often than common ones; else ''."""
    rates = _largest_and_rarest(tables)
    if not rates:
        return ""
    largest, rarest = rates
    if not (rarest.share > MOST_TIMES * largest.share and rarest.low > largest.high):  # or NaN
        return ""
    return (
        "Labels of the rarest classes are flagged more than twice as often as of the largest: "
        "they may be wrong more often, or too few for a class to be known by. Look at these "
        "first, and trust their suggestions less."
    )


def edited_sentence(edited: Sequence[str], written: str, is_corrected: bool) -> str:
    """Name the files that a person has edited, and say whether the new one has corrected labels."""
    if not edited:
        return ""
    was, stays = ("was", "stays as it is") if len(edited) == 1 else ("were", "stay as they are")
    kept = f"{join_names(edited)} {was} edited by a person and {stays}."
    if is_corrected:
        return f"{kept} {written} has the corrected labels that were judged."
    return f"{kept} {written} has none of these corrections: --labels FILE takes those of a file."


def conflicts_sentence(tables: LabelTables) -> str:
    """Count the copies that have another label than the image that they are a copy of."""
    number = len(tables.conflicts)
    if not number:
        return ""
    pairs = pluralize(number, "pair of images looks", "pairs of images look")
    return f"{pairs} the same and {'has' if number == 1 else 'have'} different labels."


def _largest_and_rarest(tables: LabelTables) -> tuple[Any, Any] | None:
    """Return the rows of the largest and of the rarest classes; None if none is rare."""
    rows = {row.group: row for row in tables.group_rates.itertuples()}
    return (rows[LARGEST], rows[RAREST]) if {LARGEST, RAREST} <= rows.keys() else None


def _flagged(row: Any) -> str:
    return f"{100 * row.share:.1f} % ({row.suspects:,} of {row.judged:,})"
