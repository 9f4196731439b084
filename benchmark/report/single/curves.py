"""Learning curves on the validation images."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Details
from benchmark.report.render.canvas import figure_block
from benchmark.report.single.absent_classes import absent_from_validation_sentence
from benchmark.report.single.drawings import curve_panels
from benchmark.report.single.strategies import network_titles

LINES = (
    "Colour: the strategy, one line per seed. Grey: all others. Dotted: a new phase starts. "
    "Decisions that are fitted after the training are not included."
)
ALT = "by optimizer step, one panel per strategy; curves.csv has the numbers."


def curves_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the curves of macro-F1 and never predicted classes, and the losses folded."""
    absence = absent_from_validation_sentence(comparison)
    images = f"on the validation images. {absence}{' ' if absence else ''}"
    if figure := draw_macro_f1(comparison):
        caption = f"Macro-F1 {images}{LINES}"
        yield figure_block("curve_macro_f1", figure, caption, f"Validation macro-F1 {ALT}")
    if figure := draw_never_predicted(comparison):
        caption = f"Classes never predicted {images}{LINES}"
        alt = f"Classes never predicted {ALT}"
        yield figure_block("curve_never_predicted", figure, caption, alt)
    if figure := draw_loss(comparison):
        caption = (
            "Training loss, solid, and validation loss, dashed. A strategy with another loss has "
            "another scale: compare shapes, not heights."
        )
        losses = figure_block("curve_loss", figure, caption, f"Training and validation loss {ALT}")
        yield Details("Losses", (losses,))


def draw_macro_f1(comparison: Comparison) -> Figure | None:
    """Draw validation macro-F1; None where it was not measured."""
    return _draw(comparison, "val_macro_f1")


def draw_never_predicted(comparison: Comparison) -> Figure | None:
    """Draw the classes never predicted on validation; None where they were not counted."""
    return _draw(comparison, "val_never_predicted", are_counts=True)


def draw_loss(comparison: Comparison) -> Figure | None:
    """Draw the losses of training and validation; None where either has no finite value."""
    return _draw(comparison, "train_loss", "val_loss")


def _draw(comparison: Comparison, *columns: str, are_counts: bool = False) -> Figure | None:
    """Draw columns of curves.csv, one panel per network."""
    titles = network_titles(comparison)
    curves = comparison.curves[comparison.curves["strategy"].isin(titles)]
    if not all(np.isfinite(curves[column].astype(float)).any() for column in columns):
        return None
    names = [name for name in titles if name in set(curves["strategy"])]
    return curve_panels(curves, names, columns, are_counts, titles)
