"""The sentences of a study's page. Each follows from the numbers of `StudyTables` alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from benchmark.analysis.contrasts import direction
from benchmark.analysis.study import StudyTables
from benchmark.evaluation.diagnosis.rule import UNDETERMINED
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import format_count, format_share
from benchmark.report.sweep.main_effects import format_change
from benchmark.system.text import join_names, pluralize

Row = Mapping[Any, Any]

SMALL_GAP, LARGE_GAP = 0.05, 0.15  # accuracy on training images minus that on test images
WELL_FITTED = 0.95  # accuracy on training images from which on more training adds little
ENOUGH_REMEDIES = 3


def baseline_sentence(tables: StudyTables) -> str:
    """Say what plain fine-tuning reaches, and how many classes it never predicts."""
    row = _first(tables.baseline)
    bounds = " to ".join(format_share(row[f"accuracy_{end}"]) for end in ("low", "high"))
    text = (
        f"In the run in question ({as_code(row['run'])}: the settings that the question is about), "
        f"{_baseline_name(row)}, {as_code(row['strategy'])}, is right for "
        f"{format_share(row['accuracy'])} of the test images (95 %: {bounds}) and agrees with the "
        f"labels of {format_share(row['train_accuracy'])} of its training images; its macro-F1 is "
        f"{format_share(row['macro_f1'])}."
    )
    never, classes = row["never_predicted"], pluralize(row["classes"], "class", "classes")
    mean = " (mean over the seeds)" if row["seeds"] > 1 else ""
    if never == 0:
        return f"{text} It predicts all {classes}."
    text = f"{text} It never predicts {format_count(never)} of {classes}{mean}."
    if row["largest_class"] == row["smallest_class"]:
        return f"{text} Each class has {format_count(row['largest_class'])} training images."
    largest = row["largest_never_predicted"]
    which = "That class" if never == 1 and row["seeds"] == 1 else "The largest of those"
    images = pluralize(round(largest), "training image", "training images")
    return (
        f"{text} {which} has {images}; the largest class of all has "
        f"{format_count(row['largest_class'])}, the smallest "
        f"{format_count(row['smallest_class'])}."
    )


def fit_sentence(tables: StudyTables) -> str:
    """Say whether plain fine-tuning learns too little or by heart; '' where neither is clear.

    Where labels are wrong on purpose, who agrees with all of them has learnt them by heart, and who
    agrees with few may have learnt what is right: it is told by the wrong ones alone.
    """
    row = _first(tables.baseline)
    if row["as_given"] == row["as_given"]:  # else NaN: no label was made wrong
        return _wrong_labels(row["as_given"], row["as_right"])
    gap = row["train_accuracy"] - row["accuracy"]
    numbers = (
        f"{format_share(row['train_accuracy'])} on training images, "
        f"{format_share(row['accuracy'])} on test images"
    )
    if gap < SMALL_GAP and row["train_accuracy"] < WELL_FITTED:
        return (
            f"It learns too little rather than by heart: it is hardly better where it was trained "
            f"({numbers})."
        )
    if gap > LARGE_GAP and row["train_accuracy"] > row["accuracy_high"]:
        return f"It learns part of its training images by heart ({numbers})."
    return ""


def _wrong_labels(given: float, right: float) -> str:
    """Say what it made of training images whose label was made wrong."""
    as_given, as_right = format_share(given), format_share(right)
    if as_given == as_right:  # which is all that a reader sees
        which = "it has learnt as many of them by heart as it sees through"
    elif given > right:
        which = "it has learnt more of them by heart than it sees through"
    else:
        which = "it sees through more of them than it has learnt by heart"
    return (
        f"Of the training images with a wrong label, it predicts {as_given} as that label says and "
        f"{as_right} as they are: {which}."
    )


def cause_sentence(tables: StudyTables) -> str:
    """Say how many classes are ignored, and for which likely causes."""
    causes, row = tables.causes, _first(tables.baseline)
    if causes.empty:
        return (
            "No class is ignored: of each, more than one test image in ten is recognised, so "
            "there is no cause to name."
        )
    classes, never = causes["classes"].sum(), causes["classes_never_predicted"].sum()
    number = f"{format_count(classes)} {'class' if classes == 1 else 'classes'}"
    mean = "; mean over the seeds" if row["seeds"] > 1 else ""
    text = (
        f"{_baseline_name(row).capitalize()} ignores {number} (at most one test image in ten is "
        f"recognised{mean})"
    )
    if format_count(never) == format_count(classes):
        text += f" and never predicts {'it' if classes == 1 else 'them'}."
    elif never:
        verb = "is" if never == 1 else "are"
        text += f"; {format_count(never)} of them {verb} never predicted."
    else:
        text += "."
    is_known = causes["cause"] != UNDETERMINED
    if parts := [
        f"{cause['cause']} ({format_count(cause['classes'])})"
        for cause in causes[is_known].to_dict("records")
    ]:
        text += f" Likely {'cause' if len(parts) == 1 else 'causes'}: {join_names(parts)}."
    if is_known.all():
        return text
    whose = f" of {format_count(causes['classes'][~is_known].sum())}" if is_known.any() else ""
    return f"{text} The cause{whose} is not clear."


def remedy_sentences(tables: StudyTables, most: int = 99) -> Iterator[str]:
    """Say what the other strategies buy and cost; of more than `most` in a list, count the rest."""
    remedies, baseline = tables.remedies, _first(tables.baseline)
    finished = remedies[remedies["status"] != "failed"]
    if failed := list(remedies["strategy"][remedies["status"] == "failed"]):
        yield f"{_names(failed)} failed: see the run's report."
    if partly := list(remedies["strategy"][remedies["status"] == "partly failed"]):
        yield f"{_names(partly)} failed under some seeds: only the others are counted."
    if finished.empty:
        return
    yield from _never_predicted(finished, baseline, most)
    yield _macro_f1(finished, baseline["seeds"], most)
    lost = finished[finished["accuracy_high"] < 0].sort_values("accuracy_change", kind="stable")
    if len(lost):
        parts = [_with_change(row, "accuracy") for row in lost.to_dict("records")]
        several = baseline["seeds"] > 1
        start = "Accuracy clearly falls" if several else "Of these networks, accuracy falls"
        yield f"{start} with {_few(parts, most)}."
    else:
        yield "Accuracy clearly falls with none."


def _never_predicted(remedies: pd.DataFrame, baseline: Row, most: int) -> Iterator[str]:
    """Say which strategies predict every class, and why that are not more."""
    if baseline["never_predicted"] == 0:
        yield "The baseline predicts every class, so no remedy is needed for that."
        if worse := [_left_out(row) for row in _leaving_out(remedies)]:
            mean = ", mean over the seeds" if baseline["seeds"] > 1 else ""
            yield f"Classes that other strategies never predict{mean}: {_few(worse, most, '; ')}."
        return
    cured, rest = remedies[remedies["never_predicted"] == 0], _leaving_out(remedies)
    several = baseline["seeds"] > 1
    seeds = " under every seed" if several else ""
    if len(cured):
        verb = "predicts" if len(cured) == 1 else "predict"
        order = cured.sort_values("macro_f1_change", ascending=False, kind="stable")
        names = list(map(as_code, order["strategy"]))
        yield f"{_few(names, most)} {verb} every class{seeds}."
    else:
        yield f"No remedy predicts every class{seeds}."
    if len(cured) < ENOUGH_REMEDIES and rest:
        parts = [_left_out(row) for row in rest]
        mean = "mean over the seeds, " if several else ""
        who = ("The other", "The others") if len(cured) else ("It", "They")
        leave = f"{who[0]} leaves" if len(rest) == 1 else f"{who[1]} leave"
        yield (
            f"{leave} some out, where the baseline leaves "
            f"out {format_count(baseline['never_predicted'])} ({mean}with the likely causes): "
            f"{_few(parts, most, '; ')}."
        )


def _leaving_out(remedies: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the rows of strategies that never predict some class, the fewest first."""
    rows = remedies[remedies["never_predicted"] > 0].sort_values("never_predicted", kind="stable")
    return rows.to_dict("records")


def _left_out(row: Row) -> str:
    """Return how many classes a strategy never predicts, and why."""
    causes = row["likely_causes"]
    why = f" ({causes})" if isinstance(causes, str) and causes else ""  # NaN where none is known
    return f"{as_code(row['strategy'])} {format_count(row['never_predicted'])}{why}"


def _macro_f1(remedies: pd.DataFrame, seeds: int, most: int) -> str:
    """Say which strategies have a macro-F1 that is clearly higher or lower.

    Of one seed that is so of these networks: another training may differ.
    """
    start = "Macro-F1 is clearly" if seeds > 1 else "Of these networks, macro-F1 is"
    gains = remedies[remedies["macro_f1_low"] > 0]
    losses = remedies[remedies["macro_f1_high"] < 0]
    parts = []
    for word, rows, ascending in (("higher", gains, False), ("lower", losses, True)):
        if len(rows):
            order = rows.sort_values("macro_f1_change", ascending=ascending, kind="stable")
            listed = [_with_change(row, "macro_f1") for row in order.to_dict("records")]
            parts.append(f"{start} {word} with {_few(listed, most)}.")
    return " ".join(parts) or "No remedy clearly changes macro-F1."


def best_sentence(tables: StudyTables) -> str:
    """Say which run and strategy to take, chosen on validation; '' where there is none."""
    if tables.best.empty:
        return ""
    row, baseline = _first(tables.best), _first(tables.baseline)
    bounds = " to ".join(format_share(row[end]) for end in ("low", "high"))
    labels = " with the labels of the run in question" if _has_label_noise(tables) else ""
    best = (
        f"Best on validation, of {pluralize(row['choices'], 'combination', 'combinations')}"
        f"{labels}: {as_code(row['strategy'])} in the run {as_code(row['run'])}."
    )
    if (row["strategy"], row["run"]) == (baseline["strategy"], baseline["run"]):
        return f"{best} That is {_baseline_name(baseline)} in the run in question."
    text = (
        f"{best} Its macro-F1 on test images is {format_share(row['test'])} (95 %: {bounds}), "
        f"against {format_share(baseline['macro_f1'])} of {_baseline_name(baseline)} in the run in "
        "question"
    )
    numbers = (row["change"], row["change_low"], row["change_high"])
    if row["change"] != row["change"]:  # they share no seed
        return f"{text}."
    clear = "clear for these networks alone" if baseline["seeds"] == 1 else "clear"
    clear = clear if direction(*numbers[1:]) else "not clear"
    return f"{text}: the difference, {format_change(*numbers)}, is {clear}."


def _has_label_noise(tables: StudyTables) -> bool:
    """Tell whether the runs of the study differ in their labels."""
    return "label_noise" in set(tables.changes["setting"])


def _baseline_name(baseline: Row) -> str:
    """Return what the baseline is: another strategy may have been chosen for it."""
    return "plain fine-tuning" if baseline["plain"] else "the baseline"


def _with_change(row: Row, metric: str) -> str:
    numbers = (row[f"{metric}_change"], row[f"{metric}_low"], row[f"{metric}_high"])
    return f"{as_code(row['strategy'])}, {format_change(*numbers)}"


def _few(parts: list[str], most: int, between: str = ", ") -> str:
    """Join the first of many parts, and count the others."""
    rest = len(parts) - most
    parts = parts if rest < 2 else [*parts[:most], f"{rest} others"]
    return join_names(parts) if between == ", " else between.join(parts)


def _names(names: list[str]) -> str:
    return join_names([as_code(name) for name in names])


def _first(table: pd.DataFrame) -> Row:
    return table.iloc[0].to_dict()
