"""Error against coverage: what is left of the errors if the network may abstain, and of whom."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.plan.prediction_settings import MAX_ERROR
from benchmark.report.render import colours
from benchmark.report.render.blocks import Block, Cell, Paragraph, Table, as_code, make_row
from benchmark.report.render.canvas import Canvas, figure_block, page_style
from benchmark.report.render.formats import MISSING, format_percent, format_share
from benchmark.report.render.safe_text import shorten
from benchmark.report.single.shot_groups import few_images_phrase
from benchmark.report.single.strategies import heading_cell, row_kind

SHARES = (1.0, 0.9, 0.8, 0.5)  # of the test images that are kept, in the table
NUMBERS = ["coverage", "error"]
BOUNDS = [f"{name}_{bound}" for name in NUMBERS for bound in ("low", "high")]


def coverage_section(comparison: Comparison) -> Iterator[Block]:
    """Yield a sentence on whom abstention leaves out, the table and the curves."""
    if comparison.findings.coverage.empty:
        return
    if sentence := abstention_sentence(comparison):
        yield Paragraph(sentence)
    yield coverage_table(comparison)
    if figure := draw_coverage(comparison):
        has_rare = "rare" in set(comparison.findings.coverage["group"])
        rare = (
            f" Dashed: the same of the test images of classes {few_images_phrase(comparison)}. "
            "Dotted: the share of these that is kept; where it lies below the diagonal, "
            "abstention leaves out the rare classes first."
            if has_rare
            else ""
        )
        yield figure_block(
            "coverage",
            figure,
            "Share of errors among the test images that are kept, by the share that is kept, the "
            f"most confident first{_over(comparison)}.{rare}",
            "Error against coverage, one panel per strategy; coverage.csv has the numbers.",
        )


def abstention_sentence(comparison: Comparison) -> str:
    """Say what the baseline's threshold keeps of all classes and of the rare; '' if unknown."""
    baseline, means = comparison.baseline, _fitted(comparison)
    if baseline is None or ("all", baseline) not in means.index:
        return ""
    name, wanted = as_code(baseline), format_percent(MAX_ERROR)
    kept, error = (_number(means, ("all", baseline), number) for number in NUMBERS)
    if not kept:
        return (
            f"No confidence of {name} keeps the errors of validation images at {wanted} or fewer: "
            "it would have to abstain from every image."
        )
    text = (
        f"Where {name} abstains below the confidence that left {wanted} errors on validation "
        f"images, it keeps {format_percent(kept)} of the test images"
    )
    text += f", of which {format_percent(error)} are wrong." if np.isfinite(error) else "."
    if ("rare", baseline) not in means.index:
        return text
    rare, rare_error = (_number(means, ("rare", baseline), number) for number in NUMBERS)
    is_less = _number(means, ("rare", baseline), "coverage_high") < kept
    but = ", but" if is_less else "; it keeps"
    text = text.removesuffix(".") + (
        f"{but} {format_percent(rare)} of those of classes {few_images_phrase(comparison)}"
    )
    text += f" ({format_percent(rare_error)} wrong)." if np.isfinite(rare_error) else "."
    if is_less:
        text += (
            " To abstain leaves out the rare classes most: few errors among the images that are "
            "kept do not mean that these classes are found."
        )
    return text


def coverage_table(comparison: Comparison) -> Table:
    """Strategies × errors at shares of the images that are kept, and at the fitted threshold."""
    at_shares = _means(comparison, "coverage", SHARES)
    fitted, has_rare = _fitted(comparison), "rare" in set(comparison.findings.coverage["group"])
    rows = []
    for strategy in comparison.finished_rows:
        cells = [
            Cell(format_share(float(at_shares["error"].get((share, "all", strategy), np.nan))))
            for share in SHARES
        ]
        cells += [_fitted_cell(fitted, ("all", strategy), number) for number in NUMBERS]
        if has_rare:
            cells += [_fitted_cell(fitted, ("rare", strategy), number) for number in NUMBERS]
        heading = heading_cell(comparison, strategy)
        rows.append(make_row(heading, *cells, kind=row_kind(comparison, strategy)))
    titles = ["Strategy", "Error, all kept"]
    titles += [f"{format_percent(share)} kept" for share in SHARES[1:]]
    titles += ["Kept at threshold", "Error there"]
    titles += ["Rare images kept", "Error there"] if has_rare else []
    return Table(_caption(comparison, has_rare), tuple(titles), tuple(rows), csv="coverage.csv")


def draw_coverage(comparison: Comparison) -> Figure | None:
    """Draw error against coverage, one panel per strategy; None where none finished."""
    frame = comparison.findings.coverage
    frame = frame[frame["kept_by"] == "coverage"]
    names = [name for name in comparison.strategies if name in set(frame["strategy"])]
    if not names:
        return None
    means = frame.groupby(["strategy", "group", "target"])[NUMBERS].mean()
    most = max(float(means["error"].max()), 0.05)
    panels_per_row = min(3, len(names))
    rows = -(-len(names) // panels_per_row)
    left, top, width, height = 46, 28, 250, 130
    with page_style():
        canvas = Canvas(left + panels_per_row * (width + 26), top + rows * (height + 50) - 8)
        for index, name in enumerate(names):
            x, y = index % panels_per_row, index // panels_per_row
            axes = canvas.axes(left + x * (width + 26), top + y * (height + 50), width, height)
            _draw_lines(axes, means[means.index.get_level_values(0) == name].droplevel(0))
            axes.set_title(shorten(name, 40), pad=5, size=10.5)
            axes.set(xlim=(1.02, 0), ylim=(-0.03 * most, max(1.03, 1.05 * most)))
            axes.set_xticks([1, 0.75, 0.5, 0.25, 0], ["1", ".75", ".5", ".25", "0"])
            axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
            axes.grid(axis="y", color=colours.FAINT, linewidth=0.4, alpha=0.6)
            axes.tick_params(length=0)
            if x:
                axes.set_yticklabels([])
            if index + panels_per_row >= len(names):
                axes.set_xlabel("share of test images kept")
    return canvas.figure


def _draw_lines(axes: Axes, means: pd.DataFrame) -> None:
    """Draw the errors of all and of rare classes, and the share of the latter that is kept."""
    axes.plot([0, 1], [0, 1], color=colours.PLAIN, linewidth=0.6)
    if "rare" in means.index.get_level_values("group"):
        rare = means.loc["rare"]
        dashed, dotted = (0, (4, 2)), (0, (1, 1.5))
        axes.plot(rare.index, rare["error"], color=colours.SECOND, linestyle=dashed, linewidth=1.5)
        axes.plot(rare.index, rare["coverage"], color=colours.SECOND, linestyle=dotted)
    every = means.loc["all"]
    axes.plot(every.index, every["error"], color=colours.LINE, linewidth=1.6)


def _fitted(comparison: Comparison) -> pd.DataFrame:
    """Return means and bounds by group and strategy at the threshold fitted for MAX_ERROR."""
    means = _means(comparison, "max_error", (MAX_ERROR,))
    return means.droplevel("target") if len(means) else means


def _means(comparison: Comparison, kept_by: str, targets: tuple[float, ...]) -> pd.DataFrame:
    """Return means over seeds of NUMBERS by target, group and strategy, and null row.

    Bounds of one seed are those of its images; of several, the seeds' lowest and highest number.
    """
    frame = comparison.with_null(lambda run: run.findings.coverage)
    frame = frame[(frame["kept_by"] == kept_by) & frame["target"].isin(targets)]
    frame = frame.astype(dict.fromkeys([*NUMBERS, *BOUNDS], float))
    groups = frame.groupby(["target", "group", "strategy"])
    if len(comparison.seeds) == 1:
        return groups[[*NUMBERS, *BOUNDS]].mean()
    means = groups[NUMBERS].mean()
    for bound, values in (("low", groups[NUMBERS].min()), ("high", groups[NUMBERS].max())):
        means = means.join(values.add_suffix(f"_{bound}"))
    return means


def _number(means: pd.DataFrame, key: tuple[str, str], column: str) -> float:
    return float(means[column].get(key, np.nan))


def _fitted_cell(fitted: pd.DataFrame, key: tuple[str, str], number: str) -> Cell:
    if key not in fitted.index:
        return Cell(MISSING)
    value, *bounds = (
        _number(fitted, key, name) for name in (number, f"{number}_low", f"{number}_high")
    )
    if not np.isfinite(value):
        return Cell(MISSING)
    note = " to ".join(format_share(bound, 2) for bound in bounds)
    return Cell(format_share(value), note if all(map(np.isfinite, bounds)) else "")


def _caption(comparison: Comparison, has_rare: bool) -> str:
    several = len(comparison.seeds) > 1
    bounds = "the lowest and highest of the seeds" if several else "the exact 95 % interval"
    caption = (
        "Error: the share of wrong labels among the test images that are kept, the most confident "
        f"first{_over(comparison)}. Confidence is the network's probability of the class that is "
        "decided. The threshold is the lowest confidence that left at most "
        f"{format_percent(MAX_ERROR)} errors on validation images, none decided by a rule that was "
        "fitted to it; as the best of many thresholds it leaves some more on other images. Small: "
        f"{bounds}."
    )
    if has_rare:
        caption += f" Rare: images of classes {few_images_phrase(comparison)}."
    if comparison.has_groups and not several:
        caption += " Images come in groups, which widens the intervals."
    return caption


def _over(comparison: Comparison) -> str:
    seeds = len(comparison.seeds)
    return f", mean over {seeds} seeds" if seeds > 1 else ""
