"""The drawing of what a strategy did to large and to rare classes."""

import numpy as np
import pandas as pd
import pytest

from benchmark.report.render.canvas import PAGE_WIDTH, to_svg
from benchmark.report.single.training_effects import effect_panels

CLASSES = ["large", "middling", "rare"]
NAMES = ["plain", "balanced"]
TITLES = {"plain": "plain (also moved)", "balanced": "balanced"}


def training_effects(strategies=("plain", "balanced"), seeds=(0, 1)):
    rows = []
    for strategy in strategies:
        for seed in seeds:
            for index, name in enumerate(CLASSES):
                count = (80, 16, 4)[index]
                drawn = 100 if strategy == "balanced" else 3 * count
                rows.append((strategy, seed, name, count, drawn, 2.0 * drawn, index - 1.0))
    columns = ["strategy", "seed", "class", "train_count", "drawn", "gradient", "logit_shift"]
    return pd.DataFrame(rows, columns=columns)


def lines_of(figure, panel):
    """Natural, drawn and gradient shares of one strategy."""
    axes = figure.axes[2 * panel]
    return [line.get_ydata() for line in axes.lines]


def test_shares_are_over_the_classes_of_each_seed():
    figure = effect_panels(training_effects(), NAMES, CLASSES, TITLES)
    natural, drawn, gradient = lines_of(figure, 0)
    np.testing.assert_allclose(natural, [0.8, 0.16, 0.04])
    np.testing.assert_allclose(drawn, natural)
    np.testing.assert_allclose(gradient, natural)
    natural, drawn, _ = lines_of(figure, 1)
    np.testing.assert_allclose(natural, [0.8, 0.16, 0.04])
    np.testing.assert_allclose(drawn, [1 / 3] * 3)
    heights = [bar.get_height() for bar in figure.axes[1].patches]
    assert heights == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize("number", [1, 3, 7])
def test_it_fits_the_page_and_is_drawn_alike(number):
    names = [f"s{k}" for k in range(number)]
    first, second = (
        to_svg(
            effect_panels(
                training_effects(names), names, CLASSES, dict(zip(names, names, strict=True))
            ),
            "x",
        )
        for _ in range(2)
    )
    assert first == second
    width = float(first.split(' width="', 1)[1].split('"', 1)[0])
    assert width <= PAGE_WIDTH


def test_without_a_baseline_no_shift_is_drawn():
    table = training_effects().assign(logit_shift=np.nan)
    assert to_svg(effect_panels(table, NAMES, CLASSES, TITLES), "x")
