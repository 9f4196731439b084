"""Further metrics: those of labels, those of probabilities, and one class against the rest."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import (
    Block,
    Cell,
    Details,
    Table,
    make_row,
    split_evenly,
    without_ticks,
)
from benchmark.report.render.formats import MISSING, format_count, format_share
from benchmark.report.single.absent_classes import absent_from_validation_sentence
from benchmark.report.single.class_groups import are_many, listed_classes, listed_sentence
from benchmark.report.single.metric_tables import (
    Column,
    further_columns,
    means_over_seeds,
    metric_table,
    network_columns,
    split_constants,
)
from benchmark.report.single.shot_groups import shot_groups_sentence
from benchmark.report.single.strategies import probability_titles
from benchmark.system.text import first_names

MOST_GRADES = 6  # of a class list that a caption names
NETWORKS_PER_TABLE = 6
MOST_CALIBRATED = 3  # strategies that a caption names
_NUMBER = re.compile(r"^\d+|\d+$")  # of a grade, before or after its name
# words that number classes without an order
_NOMINAL = re.compile(r"(class|cls|category|cat|label|type|c|id)[\s_-]*", re.IGNORECASE)
_COLUMNS = ("auroc", "average_precision")


def further_section(comparison: Comparison) -> Iterator[Block]:
    """Yield strategies × the further metrics, mean over seeds; nothing where none finished."""
    over = ", mean over seeds" if len(comparison.seeds) > 1 else ""
    probabilities = (
        "Of the network's probabilities, before a decision that is fitted after training: it can "
        "neither hide nor mend what these say"
    )
    if names := [n for n in comparison.strategies if n in comparison.findings.calibrated]:
        probabilities += (
            f". Those of {first_names(names, MOST_CALIBRATED)} are corrected, and rows of their own"
        )
    tables = (
        (further_columns(), f"Recall by training size{over}. {shot_groups_sentence(comparison)}"),
        (network_columns(), f"{probabilities}{over}."),
    )
    for columns, caption in tables:
        if not has_grades(comparison):
            columns = tuple(column for column in columns if column.name != "quadratic_kappa")
        means = means_over_seeds(comparison, columns)
        if means.isna().all(axis=None):
            continue
        # top-5 accuracy of four classes is no number
        columns = tuple(column for column in columns if means[column.name].notna().any())
        visible, constants = split_constants(means, columns)
        caption += _notes(comparison, visible) + constants
        yield metric_table(comparison, means, visible, "seeds.csv", caption)
    if classes := one_against_rest_tables(comparison):
        which = "the worst and the best classes" if are_many(comparison) else "each class"
        yield Details(f"AUROC and average precision of {which}", tuple(classes))


def one_against_rest_tables(comparison: Comparison) -> list[Table]:
    """Classes × networks: AUROC and, small, average precision, mean over seeds."""
    rows = comparison.per_class.astype(dict.fromkeys(_COLUMNS, float))
    means = rows.groupby(["strategy", "class"])[list(_COLUMNS)].mean()
    by_key = dict(zip(means.index, means.to_numpy(float), strict=True))
    titles = {k: v for k, v in probability_titles(comparison).items() if k in means.index}
    if means.isna().all(axis=None):  # of records of an earlier version
        return []
    images = [total / len(comparison.seeds) for total in comparison.test_counts]
    tables: list[Table] = []
    for names in split_evenly(list(titles), NETWORKS_PER_TABLE):
        lines = []
        for c in listed_classes(comparison).tolist():
            label = comparison.classes[c]
            cells = (_class_cell(*by_key[name, label]) for name in names)
            lines.append(make_row(label, format_count(images[c]), *cells))
        columns = ("Class", "Test images", *(titles[name] for name in names))
        caption = "The other networks." if tables else _classes_caption(comparison)
        tables.append(Table(caption, columns, tuple(lines), csv="per_class.csv"))
    return tables


def _class_cell(auroc: float, average_precision: float) -> Cell:
    if np.isnan(auroc):
        return Cell(MISSING)
    return Cell(format_share(auroc), note=format_share(average_precision))


def _classes_caption(comparison: Comparison) -> str:
    over = ", mean over seeds" if len(comparison.seeds) > 1 else ""
    return (
        f"One class against the rest{over}: AUROC and, small, average precision, by the network's "
        f"probability of the class. {MISSING}: no test images of the class, or of any other."
        f"{listed_sentence(comparison, 'per_class.csv')}"
    )


def has_grades(comparison: Comparison) -> bool:
    """Return whether the names of the classes, in their list, are numbered upwards.

    Names such as class_00 number the classes only: nothing says that they have an order.
    """
    classes = comparison.manifest.data.classes
    if all(_NOMINAL.fullmatch(_NUMBER.sub("", name)) for name in classes):
        return False
    matches = [_NUMBER.search(name) for name in classes]
    numbers = [int(match.group()) for match in matches if match]
    return len(numbers) == len(matches) and numbers == sorted(set(numbers))


def _notes(comparison: Comparison, columns: Sequence[Column]) -> str:
    """Return sentences about columns that mean what they say only under a condition."""
    names, notes = {column.name for column in columns}, ""
    if "quadratic_kappa" in names:
        classes = first_names(
            list(map(without_ticks, comparison.manifest.data.classes)), MOST_GRADES
        )
        notes += f" Quadratic kappa takes the classes as grades, in the order {classes}."
    absence = absent_from_validation_sentence(comparison) if "val_macro_f1" in names else ""
    return f"{notes} {absence}".rstrip()
