"""Recall of many classes against the baseline: means over those with many and few images."""

from collections.abc import Iterable

import numpy as np

from benchmark.analysis.claims import Claim
from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Cell, Table, as_code, make_row
from benchmark.report.render.formats import MISSING, add_sign, format_share
from benchmark.report.single.class_groups import by_shots_and_all
from benchmark.report.single.shot_groups import shot_groups_sentence
from benchmark.report.single.strategies import heading_cell, row_kind
from benchmark.system.text import pluralize

Claims = dict[tuple[str, str], Claim]  # by strategy and class


def change_groups_table(comparison: Comparison) -> Table | None:
    """Strategies × groups of classes: the mean change of recall, and classes that rise or fall."""
    groups = by_shots_and_all(comparison)
    null = comparison.null_row.class_claims if comparison.null_row else {}
    claims: Claims = null | comparison.class_claims
    compared = {strategy for strategy, _ in claims}
    rows = []
    for strategy in (name for name in comparison.rows if name in compared):
        cells = []
        for classes in groups.values():
            names = [comparison.classes[c] for c in classes.tolist()]
            cells.append(_cell(claims[strategy, n] for n in names if (strategy, n) in claims))
        heading = heading_cell(comparison, strategy)
        rows.append(make_row(heading, *cells, kind=row_kind(comparison, strategy)))
    if not rows:
        return None
    titles = (
        f"{name.capitalize()}: {pluralize(len(classes), 'class', 'classes')}"
        for name, classes in groups.items()
    )
    caption = (
        f"Recall minus that of {as_code(str(comparison.baseline))}, mean over classes by training "
        "images. Small: classes whose interval excludes 0, upwards (+) and downwards (−); where "
        f"nothing changes a few do so by chance. {shot_groups_sentence(comparison)}"
    )
    return Table(caption, ("Strategy", *titles), tuple(rows), csv="class_changes.csv")


def _cell(claims: Iterable[Claim]) -> Cell:
    known = list(claims)
    if not known:
        return Cell(MISSING)
    up = sum(claim.excludes_0 and claim.low > 0 for claim in known)
    down = sum(claim.excludes_0 and claim.high < 0 for claim in known)
    mean = float(np.mean([claim.difference for claim in known]))
    note = ", ".join(f"{sign}{number}" for sign, number in (("+", up), ("−", down)) if number)
    return Cell(add_sign(format_share(mean)), note)
