"""Recall of every class: under every strategy, and minus the baseline's."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmark.analysis.claims import CLASS_DIGITS, Claim, largest_changes
from benchmark.analysis.comparison import Comparison
from benchmark.analysis.scores import recall_table
from benchmark.report.gallery.links import class_links
from benchmark.report.render.blocks import (
    Block,
    Cell,
    Details,
    Paragraph,
    Table,
    as_code,
    make_row,
    split_evenly,
    without_ticks,
)
from benchmark.report.render.canvas import figure_block
from benchmark.report.render.formats import (
    MISSING,
    add_sign,
    format_count,
    format_share,
)
from benchmark.report.single.change_groups import change_groups_table
from benchmark.report.single.class_groups import (
    are_many,
    drawn_sentence,
    listed_classes,
    listed_sentence,
    means,
    neighbour_names,
)
from benchmark.report.single.doubts import class_interval_phrase, format_claim_bounds
from benchmark.report.single.drawings import recall_map
from benchmark.report.single.interval_meaning import what_varies
from benchmark.report.single.metric_tables import number_in
from benchmark.report.single.recall_groups import recall_groups_table
from benchmark.system.text import pluralize

RECALLS_PER_TABLE, CHANGES_PER_TABLE = 6, 5  # strategies that fit on paper side by side
FALSE_POSITIVE_RATE = 0.03  # simulated: of 85 intervals where nothing changes 2 or 3 exclude 0
MOST_CLASSES = 30  # with more, a table of changes lists those whose interval excludes 0


def recall_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the heat map of recall and its tables; nothing where no strategy finished.

    Of many classes groups are drawn, a table has means, and others list the worst and the best.
    """
    figure = draw_recall(comparison)
    if figure is None:
        return
    if are_many(comparison):
        yield from _many_classes(comparison, figure)
        return
    never = "predicted in no seed" if len(comparison.seeds) > 1 else "never predicted"
    no_images = f" {MISSING}: no test images." if 0 in comparison.test_counts else ""
    yield figure_block(
        "recall",
        figure,
        f"Recall; classes ordered by training images. ×: {never}.{no_images} Bars: training "
        "images.",
        "Heat map of recall, one row per class and one column per strategy; the table below has "
        "the same numbers.",
    )
    yield from recall_tables(comparison)


def _many_classes(comparison: Comparison, figure: Figure) -> Iterator[Block]:
    yield figure_block(
        "recall",
        figure,
        f"Mean recall.{drawn_sentence(comparison)} Left: their ranks and training images; bars: "
        "the mean of these. ×: none of the group is ever predicted.",
        "Heat map of recall, one row per group of classes and one column per strategy.",
    )
    if table := recall_groups_table(comparison):
        yield table
    tables = tuple(recall_tables(comparison))
    number = len(listed_classes(comparison))
    yield Details(f"The worst and the best: {number} classes, one by one", tables)


def draw_recall(comparison: Comparison) -> Figure | None:
    """Draw the heat map of recall; None where no strategy finished."""
    names = comparison.finished_in_any_seed
    if not names:
        return None
    recall, never = recall_and_never_predicted(comparison)
    never = np.where(np.isnan(recall), 0, never)  # nothing is ignored without test images
    if not are_many(comparison):
        return recall_map(comparison.classes, comparison.train_counts, names, recall, never)
    images = means(comparison, np.array(comparison.train_counts, float)).tolist()
    groups = neighbour_names(comparison)
    recall, never = means(comparison, recall), means(comparison, never)
    return recall_map(groups, images, names, recall, never)


def recall_tables(comparison: Comparison) -> list[Table]:
    """Classes × strategies: recall with its interval, a few strategies a table."""
    names, several = comparison.finished_in_any_seed, len(comparison.seeds) > 1
    recall, never = recall_and_never_predicted(comparison)
    bounds = {(r["strategy"], r["class"]): r for r in comparison.class_recalls.to_dict("records")}
    links = class_links(comparison) or {}
    images = [total / len(comparison.seeds) for total in comparison.test_counts]
    tables: list[Table] = []
    for indices in split_evenly(range(len(names)), RECALLS_PER_TABLE):
        rows = []
        for c in listed_classes(comparison).tolist():
            label, cells = comparison.classes[c], []
            for s in indices:
                interval = bounds.get((names[s], label), {})
                cells.append(_recall_cell(interval, recall[c, s], never[c, s], images[c]))
            counts = (format_count(comparison.train_counts[c]), format_count(images[c]))
            rows.append(make_row(Cell(label, link=links.get(label, "")), *counts, *cells))
        per_seed = "Test images per seed" if several else "Test images"
        titles = ("Class", "Train images", per_seed, *(names[s] for s in indices))
        caption = "The other strategies." if tables else _recall_caption(comparison)
        tables.append(Table(caption, titles, tuple(rows), csv="recalls.csv per_class.csv"))
    return tables


def recall_and_never_predicted(comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """Return (C, S) mean recall over seeds, and (C, S) share of seeds never predicting a class."""
    recall = recall_table(comparison)
    table = comparison.per_class.assign(never=comparison.per_class["predicted"] == 0)
    never = table.pivot_table(index="class", columns="strategy", values="never", aggfunc="mean")
    return recall.to_numpy(float), never.reindex_like(recall).to_numpy(float)


def largest_changes_sentence(comparison: Comparison) -> str:
    """Return the largest gain and loss of a class; empty without a baseline."""
    changes = comparison.class_changes.dropna(subset="difference")
    if changes.empty:
        return ""
    sentences = []
    words = (("gain", "higher"), ("loss", "lower"))
    for claim, (noun, which) in zip(largest_changes(comparison), words, strict=True):
        if claim is None:
            sentences.append(f"No class has {which} recall than with {_baseline(changes)}.")
            continue
        label = without_ticks(claim.subject)
        verb = f"{'raises' if noun == 'gain' else 'lowers'} the recall of “{label}” by"
        if not claim.strategy_direction:
            verb = f"has {which} recall of “{label}”, by"
        sentences.append(
            f"Largest {noun}: {as_code(claim.strategy)} {verb} "
            f"{format_share(abs(claim.difference), 2)} ({class_interval_phrase(claim)})."
        )
    return " ".join(sentences)


def class_changes_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the tables of changes; of many classes their means first, and others folded."""
    tables = class_changes_tables(comparison)
    if not are_many(comparison):
        yield from tables
        return
    if means_table := change_groups_table(comparison):
        yield means_table
    if tables and not tables[0].rows:
        yield Paragraph("No interval of a class excludes 0; class_changes.csv has all classes.")
        return
    yield from tables[:1]
    if len(tables) > 1:
        yield Details("The same classes under the other strategies", tuple(tables[1:]))


def class_changes_tables(comparison: Comparison) -> list[Table]:
    """Classes × strategies: recall minus the baseline's, a few strategies a table.

    Cells that are told apart are marked "gain" or "loss", see `Comparison.class_claims`. Of many
    classes the table lists those with an interval that excludes 0, at most `MOST_CLASSES`, the
    clearest.
    """
    changes = comparison.class_changes.dropna(subset="difference")
    compared = {*changes["strategy"], comparison.null} if len(changes) else {}
    strategies = [name for name in comparison.rows if name in compared]
    classes = _listed_classes(comparison, changes)
    null_claims = comparison.null_row.class_claims if comparison.null_row else {}
    all_claims = null_claims | comparison.class_claims
    images = dict(zip(comparison.classes, comparison.test_counts, strict=True))
    over = ", all seeds" if len(comparison.seeds) > 1 else ""
    tables: list[Table] = []
    for names in split_evenly(strategies, CHANGES_PER_TABLE):
        rows = []
        for label in classes:
            cells = (
                _change_cell(all_claims.get((name, label)), is_null=name == comparison.null)
                for name in names
            )
            rows.append(make_row(label, format_count(images[label]), *cells))
        titles = ("Class", f"Test images{over}", *names)
        caption = "The other strategies."
        caption = caption if tables else _changes_caption(comparison, changes, len(classes))
        tables.append(Table(caption, titles, tuple(rows), csv="class_changes.csv"))
    return tables


def _recall_cell(
    interval: Mapping[Any, Any], recall: float, never_predicted: float, images: float
) -> Cell:
    low, high = (number_in(interval, bound) for bound in ("low", "high"))
    note = f"{format_share(low, 2)} to {format_share(high, 2)}" if np.isfinite(low) else ""
    if not images:
        return Cell("no test images")
    if never_predicted == 1:
        return Cell("never", note, "never")
    return Cell(format_share(recall, 2), note)


def _recall_caption(comparison: Comparison) -> str:
    several = len(comparison.seeds) > 1
    caption = (
        f"Mean recall over seeds with its 95 % interval over {what_varies(comparison)}."
        if several
        else "Recall with its exact 95 % interval."
    )
    if comparison.has_groups:
        caption += " Images come in groups, which widens the intervals."
    seeds = " in any seed" if several else ""
    caption += f" “never”: recall 0, as no test image was assigned to the class{seeds}."
    return caption + listed_sentence(comparison, "recalls.csv")


def _listed_classes(comparison: Comparison, changes: pd.DataFrame) -> list[str]:
    """Choose the classes that the tables list, in the order of the comparison."""
    if len(comparison.classes) <= MOST_CLASSES:
        return comparison.classes
    # distance of the interval from 0, negative if it includes 0
    distance = changes[["low"]].assign(high=-changes["high"]).max(axis=1)
    clearest = distance.groupby(changes["class"]).max().sort_values(ascending=False, kind="stable")
    chosen = list(clearest[clearest > 0].index[:MOST_CLASSES])
    if are_many(comparison):  # where nearly all of them rise, those that fall are shown too
        down = (-changes["high"]).groupby(changes["class"]).max()
        down = down.sort_values(ascending=False, kind="stable")
        falling = list(down[down > 0].index[: MOST_CLASSES // 2])
        rising = [name for name in chosen if name not in set(falling)]
        chosen = [*falling, *rising[: MOST_CLASSES - len(falling)]]
    return [name for name in comparison.classes if name in set(chosen)]


def _changes_caption(comparison: Comparison, changes: pd.DataFrame, listed: int) -> str:
    mean = f", mean over {len(comparison.seeds)} seeds" if len(comparison.seeds) > 1 else ""
    noise = ", and the null row moves the class less" if comparison.null_row else ""
    caption = (
        f"Recall minus that of {_baseline(changes)}{mean}, and its 95 % interval over "
        f"{what_varies(comparison)}. Blue marks a gain and red a loss that "
        f"{pluralize(len(changes), 'comparison', 'comparisons')} do not explain: the interval "
        f"excludes 0 after Bonferroni's correction{noise}. By itself, an interval excludes 0 by "
        f"chance in about {100 * FALSE_POSITIVE_RATE:.0f} % of rows where nothing changes, as "
        f"simulated: in {format_count(FALSE_POSITIVE_RATE * len(changes))} of these "
        f"{len(changes):,}."
    )
    if comparison.null_row:
        original = as_code(str(comparison.null_row.baseline))
        caption += f" {as_code(str(comparison.null))} minus {original} is chance alone."
    if comparison.has_groups:
        caption += " Images come in groups, which widens the intervals."
    classes = len(comparison.classes)
    if classes > MOST_CLASSES:
        which = f"the {listed} clearest" if listed == MOST_CLASSES else f"the {listed}"
        which = which if listed != 1 else "the only one"
        fall = f", among them up to {MOST_CLASSES // 2} that fall" if are_many(comparison) else ""
        file = ": see class_changes.csv" if are_many(comparison) else ""
        caption += (
            f" Of {pluralize(classes, 'class', 'classes')}, the table lists {which} whose interval "
            f"excludes 0{fall}; it leaves out {classes - listed:,}{file}."
        )
    return caption


def _change_cell(claim: Claim | None, is_null: bool) -> Cell:
    if claim is None:
        return Cell(MISSING)
    bounds = format_claim_bounds(claim, CLASS_DIGITS)
    mark = "gain" if claim.is_gain else "loss" if claim.is_loss else ""
    mark = "" if is_null else mark  # by chance alone
    return Cell(add_sign(format_share(claim.difference, 2)), note=bounds, mark=mark)


def _baseline(changes: pd.DataFrame) -> str:
    return as_code(str(changes["baseline"].iloc[0])) if len(changes) else "the baseline"
