"""The implementation audit: did every strategy do what its expectations say?"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.findings import logit_shift
from benchmark.evaluation.metrics.class_counts import SHOT_GROUPS, shot_groups
from benchmark.report.render import colours
from benchmark.report.render.blocks import Block, Cell, Details, Table, as_code, make_row
from benchmark.report.render.canvas import Canvas, figure_block, page_style
from benchmark.report.render.formats import MINUS, MISSING, add_sign, format_share
from benchmark.report.render.safe_text import shorten
from benchmark.report.single.audit_scope import scope_details
from benchmark.report.single.class_groups import (
    are_many,
    drawn_sentence,
    group_of,
    neighbour_names,
)
from benchmark.report.single.selected_images import selected_images_table
from benchmark.report.single.shot_groups import few_images_phrase
from benchmark.report.single.strategies import network_titles, row_kind
from benchmark.system.text import join_names

FEW = SHOT_GROUPS.index("few")
CAPTION = (
    "By class, largest first. Above, on a logarithmic scale: share of the training images (grey), "
    "of the images drawn (rings) and of the gradient at the logits (triangles). Below: the class's "
    "mean logit minus the baseline's. Over several seeds all values are means."
)
ALT = (
    "Shares of draws and of the gradient, and shift of the logits, by class, two panels a "
    "strategy; training_effects.csv has the numbers."
)
_LINE: dict[str, Any] = {"linewidth": 0.9, "markersize": 4.5, "zorder": 3}
_DRAWN = _LINE | {"marker": "o", "color": colours.SECOND, "markerfacecolor": colours.PAPER}
_GRADIENT = _LINE | {"marker": "^", "color": colours.LINE}
_NATURAL: dict[str, Any] = {"color": colours.PLAIN, "linewidth": 3.5, "alpha": 0.75}
_NATURAL |= {"solid_capstyle": "butt"}


def audit_section(comparison: Comparison) -> Iterator[Block]:
    """Yield what each training did to rare classes, drawn and as a table, and every check."""
    if table := audit_table(comparison):
        yield table
    yield from selected_images_table(comparison)
    if figure := draw_training_effects(comparison):
        groups = drawn_sentence(comparison)
        means = f"{groups} Values are means of a group's classes." if groups else ""
        yield figure_block("training_effects", figure, CAPTION + means, ALT)
    if checks := checks_table(comparison):
        yield Details("Every check: expected and observed", (checks,))
        yield scope_details()


def audit_warning(comparison: Comparison) -> str:
    """Return a sentence about the strategies that failed a check; empty if none did."""
    failed = comparison.failed_checks
    if not failed:
        return ""
    names = [f"{as_code(name)} (expected: {'; '.join(e)})" for name, e in failed.items()]
    rows = "this row" if len(names) == 1 else "these rows"
    return f"Failed the audit: {join_names(names)}. Don't rely on {rows} before you know why."


def audit_table(comparison: Comparison) -> Table | None:
    """Strategies × the audit's result, and rare classes' share of draws, gradient, logits."""
    if comparison.findings.training_effects.empty:
        return None
    shares = _shares_of_rare_classes(comparison).to_dict("index")
    failed, baseline = comparison.failed_checks, comparison.baseline
    rows = []
    for strategy in comparison.strategies:
        if strategy not in shares:
            continue
        row = shares[strategy]
        shift = MISSING if strategy == baseline else add_sign(_format_shift(row["logit_shift"]))
        cells: tuple[Cell | str, ...] = (
            strategy,
            Cell(_audit_result(comparison, strategy), mark="failed" if strategy in failed else ""),
            format_share(row["drawn"]),
            Cell(format_share(row["gradient"]), note=format_share(row["cross_entropy_gradient"])),
            *([] if baseline is None else [shift]),
            _network_sentence(comparison, strategy),
        )
        rows.append(make_row(*cells, kind=row_kind(comparison, strategy)))
    measured = ("Passed the audit", "Share of draws", "Share of gradient")
    titles = ("Strategy", *measured, *([] if baseline is None else ["Logit shift"]), "Network")
    texts, caption = frozenset({0, 1, len(titles) - 1}), _audit_caption(comparison)
    return Table(caption, titles, tuple(rows), texts, csv="training_effects.csv")


def checks_table(comparison: Comparison) -> Table | None:
    """One row per strategy and check, all seeds together; failed checks first."""
    checks = comparison.findings.checks
    if checks.empty:
        return None
    rows = []
    for (strategy, expectation), group in checks.groupby(["strategy", "expectation"], sort=False):
        failed, passed = group[group["passed"].eq(False)], group[group["passed"].eq(True)]
        result = f"{len(passed)} of {len(group)} seeds"
        if len(group) == 1:
            result = "no" if len(failed) else "yes" if len(passed) else "undecided"
        observed = (failed if len(failed) else group).iloc[0]["observed"]
        passed_cell = Cell(result, mark="failed" if len(failed) else "")
        rows.append(make_row(str(strategy), str(expectation), str(observed), passed_cell))
    rows.sort(key=lambda row: row.cells[-1].mark != "failed")
    which = ", in the first seed that failed the check, or else in the first"
    which = which if len(comparison.seeds) > 1 else ""
    caption = f"What each strategy was expected to do, and what was observed{which}."
    titles = ("Strategy", "Expectation", "Observed", "Passed")
    return Table(caption, titles, tuple(rows), frozenset({0, 1, 2, 3}), csv="audit.csv")


def _audit_caption(comparison: Comparison) -> str:
    counts = np.asarray(comparison.train_counts)
    natural = counts[shot_groups(counts) == FEW].sum() / counts.sum()
    caption = (
        f"For the classes {few_images_phrase(comparison)}, which have "
        f"{format_share(natural)} of them: their share of the images drawn, and of the gradient at "
        "the logits (small: with cross-entropy)."
    )
    if comparison.baseline is not None:
        caption += f" Logit shift: their mean logit minus that of {comparison.baseline}."
    return caption


def _audit_result(comparison: Comparison, strategy: str) -> str:
    """Return yes, no or undecided, with the expectation that failed or what was observed."""
    if failed := comparison.failed_checks.get(strategy):
        return f"no: {'; '.join(failed)}"
    checks = comparison.findings.checks
    undecided = checks[(checks["strategy"] == strategy) & checks["passed"].isna()]
    return f"undecided ({undecided.iloc[0]['observed']})" if len(undecided) else "yes"


def _shares_of_rare_classes(comparison: Comparison) -> pd.DataFrame:
    """Return for each strategy the shares of the classes with few images, mean over seeds."""
    training_effects = logit_shift(comparison.findings.training_effects, comparison.baseline)
    rows = []
    for (strategy, _), group in training_effects.groupby(["strategy", "seed"], sort=False):
        rare = shot_groups(group["train_count"].to_numpy()) == FEW
        row = {"strategy": strategy}
        for name in ("drawn", "gradient", "cross_entropy_gradient"):
            values = group[name].to_numpy(float)
            row[name] = values[rare].sum() / values.sum() if values.sum() else np.nan
        shift = group["logit_shift"].to_numpy(float)[rare]
        row["logit_shift"] = shift.mean() if len(shift) else np.nan  # there may be no rare class
        rows.append(row)
    return pd.DataFrame(rows).groupby("strategy", sort=False).mean()


def _network_sentence(comparison: Comparison, strategy: str) -> str:
    owners = comparison.network_owners
    mine = owners[strategy]
    others = [name for name, owner in owners.items() if owner == mine and name != strategy]
    return f"shared with {join_names(others)}" if others else "its own"


def _format_shift(value: float) -> str:
    if not np.isfinite(value):
        return MISSING
    digits = f"{abs(value):.2f}"
    return f"{MINUS}{digits}" if value < 0 and digits.strip("0.") else digits


def draw_training_effects(comparison: Comparison) -> Figure | None:
    """Draw the effects of every training; None where nothing was measured."""
    training_effects = logit_shift(comparison.findings.training_effects, comparison.baseline)
    titles = network_titles(comparison)
    names = [name for name in titles if name in set(training_effects["strategy"])]
    if not names:
        return None
    if not are_many(comparison):
        return effect_panels(training_effects, names, comparison.classes, titles)
    group = training_effects["class"].map(group_of(comparison)).to_numpy()
    groups = np.array(neighbour_names(comparison), dtype=object)
    grouped = training_effects.assign(**{"class": groups[group]})
    return effect_panels(grouped, names, groups.tolist(), titles, are_groups=True)


def effect_panels(
    training_effects: pd.DataFrame,
    strategies: list[str],
    classes: list[str],
    titles: Mapping[str, str],
    are_groups: bool = False,
) -> Figure:
    """Draw two small panels a strategy, classes or groups of such from left to right.

    `training_effects` has a `logit_shift`, see `benchmark.analysis.findings`.
    """
    shares = _shares(training_effects)
    values = shares[["natural", "drawn", "gradient"]].to_numpy(float)
    values = values[values > 0]  # of a gradient that is 0 or overflows there are no shares
    low = max(float(values.min(initial=1.0)) / 1.6, 1e-5)
    high = min(1.6 * float(values.max(initial=0.0)), 1.0) or 1.0
    shift = float(shares["logit_shift"].abs().fillna(0).max()) or 1.0
    panels_per_row = min(3, len(strategies))
    rows = -(-len(strategies) // panels_per_row)
    left, top, width, height, below, row_height = 52, 28, 272, 96, 46, 200
    is_named = len(classes) <= 30 and not are_groups
    names = [shorten(name, 14) for name in classes] if is_named else []
    under = 5 * max(map(len, names), default=0)
    with page_style():
        canvas = Canvas(left + panels_per_row * (width + 26), top + rows * row_height - 8 + under)
        for index, strategy in enumerate(strategies):
            row, column = divmod(index, panels_per_row)
            x, y = left + column * (width + 26), top + row * row_height
            mine = shares.loc[[(strategy, name) for name in classes]]
            axes = canvas.axes(x, y, width, height)
            _draw_shares(axes, mine, low, high)
            axes.set_title(shorten(titles[strategy], 44), pad=5, size=10.5)
            bars = canvas.axes(x, y + height + 12, width, below)
            _draw_shifts(bars, mine["logit_shift"], shift)
            for panel, label in ((axes, "share"), (bars, "logits")):
                panel.set(xlim=(-0.6, len(classes) - 0.4), xticks=[])
                panel.tick_params(length=0)
                panel.grid(axis="y", color=colours.FAINT, linewidth=0.4, alpha=0.6)
                if column:
                    panel.set_yticklabels([])
                else:
                    panel.set_ylabel(label, size=9.5)
            if index + panels_per_row >= len(strategies) and names:
                style: dict[str, Any] = {"size": 8.5, "color": colours.INK, "rotation": 90}
                bars.set_xticks(np.arange(len(names)), names, **style)
            elif index + panels_per_row >= len(strategies):
                rows_of = "groups of classes" if are_groups else "classes"
                bars.set_xlabel(f"{rows_of}, rarest last", size=9.5)
        return canvas.figure


def _draw_shares(axes: Axes, shares: pd.DataFrame, low: float, high: float) -> None:
    x = np.arange(len(shares))
    axes.plot(x, shares["natural"], **_NATURAL)
    axes.plot(x, shares["drawn"], **_DRAWN)
    axes.plot(x, shares["gradient"], **_GRADIENT)
    axes.set(yscale="log", ylim=(low, high))
    axes.minorticks_off()
    ticks = [tick for tick in (1e-5, 1e-4, 0.001, 0.01, 0.1, 1) if low <= tick <= high]
    axes.set_yticks(ticks, [f"{100 * tick:g} %" for tick in ticks])


def _draw_shifts(axes: Axes, shifts: pd.Series, largest: float) -> None:
    axes.bar(np.arange(len(shifts)), shifts, color=colours.PLAIN, width=0.7)
    axes.axhline(0, color=colours.MUTED, linewidth=0.8)
    axes.set(ylim=(-1.1 * largest, 1.1 * largest))
    axes.locator_params(axis="y", nbins=3)


def _shares(training_effects: pd.DataFrame) -> pd.DataFrame:
    """Return shares over the classes by strategy and class, mean over seeds."""
    numbers = training_effects.rename(columns={"train_count": "natural"})
    columns = ["natural", "drawn", "gradient"]
    numbers = numbers.astype(dict.fromkeys([*columns, "logit_shift"], float))
    totals = numbers.groupby(["strategy", "seed"])[columns].transform("sum")
    numbers[columns] = numbers[columns] / totals.where(totals > 0)
    return numbers.groupby(["strategy", "class"], sort=False)[[*columns, "logit_shift"]].mean()
