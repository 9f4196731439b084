"""Would more images of a class help? From heads on features that are held fixed."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.more_images import FEWEST_TEST, FEWEST_TRAIN, ClassAnswer, class_answers
from benchmark.analysis.scores import recall_table
from benchmark.evaluation.learning_curve.class_curve import FACTORS, LEVEL
from benchmark.report.render import colours
from benchmark.report.render.blocks import (
    Block,
    Cell,
    Details,
    Paragraph,
    Table,
    as_code,
    make_row,
    without_ticks,
)
from benchmark.report.render.canvas import Canvas, figure_block, page_style
from benchmark.report.render.formats import MISSING, format_count, format_percent, format_share
from benchmark.report.render.safe_text import shorten
from benchmark.report.single.class_groups import are_many
from benchmark.system.text import first_names, pluralize

HALF = 0.5  # of a class
MOST_NAMED = 3  # classes in a sentence
MOST_DRAWN = 9  # classes
MOST_CLASSES = 30  # in the table that is not folded, the rarest
MOST_TIMES = format_count(FACTORS[-1])
_COLUMNS = (0, 2, 3)  # of FACTORS, in the table: with all of them it is wider than the page


def more_images_section(comparison: Comparison) -> Iterator[Block]:
    """Yield what the baseline's badly recognised classes need, their curves, and all others."""
    answers = class_answers(comparison.more_images)
    if not answers:
        return
    missed, many = missed_classes(comparison, answers), are_many(comparison)
    for sentence in answer_sentences(comparison, answers, missed):
        yield Paragraph(sentence)
    listed = _evenly(answers, missed, MOST_CLASSES) if many else missed[-MOST_CLASSES:]
    others = [name for name in answers if name not in listed]
    if listed:
        yield more_images_table(comparison, answers, listed)
    if figure := draw_more_images(comparison):
        yield figure_block(
            "more_images",
            figure,
            "Recall by the training images of the class, of all other classes as many as there "
            "are. Rings: heads on nested subsets of the images. Line: what they say of as many "
            f"and of more images, at most {MOST_TIMES} times, with the {_level()} interval.",
            "Learning curves by class; more_images.csv has the numbers.",
        )
    if others and not many:
        title = (
            f"The other {pluralize(len(others), 'class', 'classes')}" if missed else "All classes"
        )
        table = more_images_table(comparison, answers, others, is_first=not missed)
        yield Details(title, (table,))


def _evenly(answers: dict[str, ClassAnswer], names: Sequence[str], most: int) -> list[str]:
    """Choose so many classes, evenly over their sizes; those that more images help, if any do."""
    known = [n for n in names if not answers[n].answer.startswith("few")] or list(names)
    helped = [n for n in known if answers[n].answer == "more"] or known
    index = np.unique(np.linspace(0, len(helped) - 1, min(most, len(helped))).round().astype(int))
    return [helped[k] for k in index]


def missed_classes(comparison: Comparison, answers: dict[str, ClassAnswer]) -> list[str]:
    """Return the classes of which the baseline recognises less than half, in their order."""
    recalls = _baseline_recalls(comparison)
    return [name for name in answers if recalls.get(name, np.nan) < HALF]


def answer_sentences(
    comparison: Comparison, answers: dict[str, ClassAnswer], missed: Sequence[str]
) -> Iterator[str]:
    """Yield a sentence for each answer that a badly recognised class has."""
    by_answer: dict[str, list[ClassAnswer]] = {}
    for name in missed:
        by_answer.setdefault(answers[name].answer, []).append(answers[name])
    needed = sorted(by_answer.get("more", []), key=lambda each: each.half - each.train_count)
    if needed:
        parts = [
            f"about {_number(each.half - each.train_count)} of “{without_ticks(each.name)}” "
            f"({_interval(each)})"
            for each in needed[:MOST_NAMED]
        ]
        where = "more_images.csv" if are_many(comparison) else "the table"
        more = f"; {len(needed) - MOST_NAMED:,} more in {where}" * (len(needed) > MOST_NAMED)
        yield (
            "More images, for half of a class to be recognised by a head on fixed features: "
            f"{', '.join(parts)}{more}. In brackets the {_level()} interval."
        )
    for each in by_answer.get("never", [])[:MOST_NAMED]:
        confused = (
            f": it is confused with “{without_ticks(each.confuser)}”" if each.confuser else ""
        )
        yield (
            f"More images of “{without_ticks(each.name)}” would not help: of {MOST_TIMES} times as "
            f"many, a head recognises {_share(each)}{confused}."
        )
    if (further := len(by_answer.get("never", [])) - MOST_NAMED) > 0:
        yield f"Nor would they help with {pluralize(further, 'further class', 'further classes')}."
    if enough := by_answer.get("enough", []):
        baseline = as_code(str(comparison.baseline))
        yield (
            f"Images are not what {baseline} lacks for {_names(enough)}: a head on features of the "
            "pretrained network recognises half with those that there are. See why classes are "
            "ignored: mostly the class sizes, or too short a training."
        )
    unknown = [each for key in ("unknown", "few test images") for each in by_answer.get(key, [])]
    unknown += by_answer.get("few training images", [])
    if unknown:
        whose = "its" if len(unknown) == 1 else "their"
        yield f"It can't be told for {_names(unknown)}: {whose} images are too few to say."


def more_images_table(
    comparison: Comparison,
    answers: dict[str, ClassAnswer],
    names: Sequence[str],
    is_first: bool = True,
) -> Table:
    """Classes × recall now and with more images, and the images that half of the class takes."""
    recalls = _baseline_recalls(comparison)
    rows = []
    for name in names:
        each = answers[name]
        cells = [Cell(format_count(each.train_count)), Cell(format_count(each.test_count))]
        cells.append(Cell(format_share(recalls.get(name, np.nan), 2)))
        tested = each.answer not in ("few test images", "few training images")
        for k in _COLUMNS:
            recall, bounds = each.recalls[k], each.bounds[k]
            note = " to ".join(format_share(bound, 2) for bound in bounds)
            cells.append(Cell(format_share(recall, 2), note) if tested else Cell(MISSING))
        change = each.macro_f1[2] - each.macro_f1[0]
        cells.append(Cell(_signed(change)) if tested else Cell(MISSING))
        cells.append(Cell(_answer(each)))
        rows.append(make_row(name, *cells))
    times = [f"{format_count(FACTORS[k])} times" for k in _COLUMNS[1:]]
    baseline = comparison.baseline or "baseline"
    titles = (
        "Class",
        "Train images",
        "Test images",
        f"Recall, {baseline}",
        "Head, as many",
        *times,
    )
    titles += (f"Macro-F1, {format_count(FACTORS[2])} times", "More images for half")
    text_columns = frozenset({0, len(titles) - 1})
    caption = _caption(comparison) if is_first else "The other classes, in the same way."
    if are_many(comparison):
        number = len(missed_classes(comparison, answers))
        caption += (
            f" Of {number:,} classes of which less than half is recognised, the table lists "
            f"{len(names)}, evenly over their sizes; more_images.csv has all."
        )
    return Table(caption, titles, tuple(rows), text_columns, csv="more_images.csv")


def draw_more_images(comparison: Comparison) -> Figure | None:
    """Draw the curves of the classes that the baseline misses, or of the rarest; None without."""
    answers = class_answers(comparison.more_images)
    if not answers:
        return None
    missed = missed_classes(comparison, answers) or list(answers)
    can_be_told = [n for n in missed if not answers[n].answer.startswith("few")]
    names = can_be_told[-MOST_DRAWN:]
    if are_many(comparison):
        names = _evenly(answers, missed, MOST_DRAWN)
    if not names:
        return None
    panels_per_row = min(3, len(names))
    rows = -(-len(names) // panels_per_row)
    left, top, width, height = 46, 28, 250, 110
    with page_style():
        canvas = Canvas(left + panels_per_row * (width + 26), top + rows * (height + 52) - 8)
        for index, name in enumerate(names):
            x, y = index % panels_per_row, index // panels_per_row
            axes = canvas.axes(left + x * (width + 26), top + y * (height + 52), width, height)
            _draw_curve(axes, comparison.more_images, answers[name])
            axes.set_title(shorten(name, 36), pad=5, size=10.5)
            if x:
                axes.set_yticklabels([])
            if index + panels_per_row >= len(names):
                axes.set_xlabel("training images of the class")
    return canvas.figure


def _draw_curve(axes: Axes, frame: pd.DataFrame, each: ClassAnswer) -> None:
    own = frame[(frame["class"] == each.name) & (frame["kind"] == "measured")]
    sizes = np.array(FACTORS) * each.train_count
    low, high = np.array(each.bounds).T
    axes.fill_between(sizes, low, high, color=colours.FAINT, alpha=0.45, linewidth=0)
    axes.plot(sizes, each.recalls, color=colours.LINE, linewidth=1.6)
    ring: dict[str, Any] = {
        "facecolor": colours.PAPER,
        "edgecolor": colours.SECOND,
        "linewidth": 1.2,
        "zorder": 4,
    }
    axes.scatter(own["images"].astype(float), own["recall"].astype(float), s=18, **ring)
    axes.axhline(HALF, color=colours.PLAIN, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.set_xscale("log", base=2)
    ticks = [each.train_count / 4, *sizes]
    axes.set_xticks(ticks, [format_count(round(size)) for size in ticks])
    axes.set_xticks([], minor=True)
    axes.set(xlim=(max(each.train_count / 9, 0.8), sizes[-1] * 1.1), ylim=(-0.04, 1.04))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    axes.grid(axis="y", color=colours.FAINT, linewidth=0.4, alpha=0.6)
    axes.tick_params(length=0)


def _baseline_recalls(comparison: Comparison) -> dict[str, float]:
    """Return class -> the baseline's recall, mean over seeds; {} where it did not finish."""
    table = recall_table(comparison)
    if comparison.baseline not in table.columns:
        return {}
    return {str(name): float(recall) for name, recall in table[comparison.baseline].items()}


def _answer(each: ClassAnswer) -> str:
    """Return what stands in a class's row for the images that half of it takes."""
    match each.answer:
        case "few test images":
            return f"can't be told: {_images(each.test_count, 'test')}"
        case "few training images":
            return f"can't be told: {_images(each.train_count, 'training')}"
        case "enough":
            return "none" if each.high <= each.train_count else f"none ({_interval(each)})"
        case "never":
            confused = f", confused with {each.confuser}" if each.confuser else ""
            return f"would not help{confused}"
        case "more":
            return f"about {_number(each.half - each.train_count)} ({_interval(each)})"
    return f"can't be told ({_interval(each)})"


def _images(number: float, part: str) -> str:
    """Return how many images a part of the split has, a mean over seeds."""
    return f"{format_count(number)} {part} {'image' if number == 1 else 'images'}"


def _interval(each: ClassAnswer) -> str:
    """Return the bounds of the images that are needed beside those that there are."""
    low, high = (max(bound - each.train_count, 0) for bound in (each.low, each.high))
    if np.isfinite(high):
        return f"{_number(low)} to {_number(high)}"
    most = (FACTORS[-1] - 1) * each.train_count
    return f"{_number(low)} to more than {_number(most)}"


def _number(images: float) -> str:
    """Return a number of images with two digits that count."""
    digits = max(len(str(round(images))) - 2, 0)
    return format_count(round(images, -digits))


def _share(each: ClassAnswer) -> str:
    low, high = each.bounds[-1]
    bounds = f"{format_percent(low)} to {format_percent(high)}"
    return f"{format_percent(each.recalls[-1])} of it ({bounds})"


def _signed(change: float) -> str:
    return ("+" if change >= 0.0005 else "") + format_share(change)


def _names(each: Sequence[ClassAnswer]) -> str:
    return first_names([f"“{without_ticks(answer.name)}”" for answer in each], MOST_NAMED)


def _level() -> str:
    return format_percent(LEVEL)


def _caption(comparison: Comparison) -> str:
    over = f" Mean over {len(comparison.seeds)} seeds." if len(comparison.seeds) > 1 else ""
    if not comparison.findings.wrong_labels.empty:
        over = f" Heads are trained on the labels that are given, wrong ones too.{over}"
    return (
        "Heads are linear discriminants of features that are held fixed: those in the middle of "
        "the pretrained network. Only the class's own training images become more, those of all "
        "other classes stay. Checked on two data sets with 4 times the images: of networks that "
        "were trained for 14 epochs, the recall of 15 classes in 15 lay within the interval; of 4 "
        "epochs, of 5 in 15, since they did not yet recognise what the images can give. Small: "
        f"the {_level()} interval over training images and test images. Macro-F1: its change with "
        f"{format_count(FACTORS[2])} times the images. Nothing is told beyond {MOST_TIMES} times, "
        f"or of fewer than {FEWEST_TEST} test images or {FEWEST_TRAIN} training images.{over}"
    )
