"""Drawings of a run: in the page's colours, of the page's size, honest about zero."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot

from benchmark.report.render.canvas import to_standalone_svg, to_svg
from benchmark.report.render.html import inline_drawing
from benchmark.report.single.drawings import confusion_maps, curve_panels, recall_map
from benchmark.report.single.page import all_figures
from tests.report.fabricate import STRATEGIES, fabricate


def test_every_drawing_follows_the_page() -> None:
    for name, figure in all_figures(fabricate(strategies=STRATEGIES[:2], seeds=(0, 1))).items():
        svg = to_svg(figure, name)
        ET.fromstring(to_standalone_svg(svg).split("\n", 1)[1])
        inline = str(inline_drawing(svg, 'a "quoted" name'))
        assert not re.findall(r"#[0-9a-f]{6}\b", inline), name
        assert 'aria-label="a &#34;quoted&#34; name"' in inline
        assert "<style" not in inline  # it would reach the whole page
        texts = re.findall(r"<text[^>]*>", inline)
        assert texts
        assert all("fill: var(--" in text for text in texts), name  # black is left out by default
        assert "<metadata" not in svg  # it would hold the date


def test_no_window_is_opened_and_no_backend_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyplot, "new_figure_manager", pytest.fail)
    monkeypatch.setattr(pyplot, "switch_backend", pytest.fail)
    for name, figure in all_figures(fabricate(strategies=STRATEGIES[:2], seeds=(0, 1))).items():
        to_svg(figure, name)
    assert not pyplot.get_fignums()


def test_a_loss_may_diverge() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2])
    broken = comparison.curves["strategy"] == STRATEGIES[1]
    curves = comparison.curves.assign(
        val_loss=comparison.curves["val_loss"].mask(broken, float("inf")), train_loss=float("nan")
    )
    figures = all_figures(replace(comparison, curves=curves))
    assert "curve_loss" not in figures  # the training loss has no finite value
    svg = to_svg(
        curve_panels(curves, STRATEGIES[:2], ["val_loss"], False, {n: n for n in STRATEGIES}), "x"
    )
    assert "nan" not in svg
    assert "inf" not in svg


def test_many_classes_and_strategies_stay_small() -> None:
    shares = np.random.default_rng(0).random((60, 60))  # each cell is drawn
    svg = to_svg(confusion_maps([str(i) for i in range(60)], ["s"], [shares]), "confusion")
    assert len(svg) < 300_000


def test_recall_is_written_and_never_predicted_crossed_out() -> None:
    recall, never = np.array([[0.5, 0.0], [0.0, np.nan]]), np.array([[0.0, 0.0], [1.0, 0.0]])
    svg = to_svg(recall_map(["a", "b"], [10, 2], ["s", "t"], recall, never), "recall")
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert texts.count("×") == 1
    assert texts.count(".50") == 1
    assert texts.count(".00") == 1


@pytest.mark.parametrize("strategies", [4, 6, 8])
def test_the_heat_map_fills_the_page_and_no_more(strategies: int) -> None:
    shape = (2, strategies)
    names = [f"random_oversampling_{k}" for k in range(strategies)]
    figure = recall_map(["five_spoke", "wire"], [9, 2], names, np.ones(shape), np.zeros(shape))
    assert 720 < figure.get_figwidth() * figure.dpi <= 972  # space beside the contents


def test_a_class_never_predicted_has_an_empty_column() -> None:
    def cells(values: np.ndarray) -> int:
        svg = to_svg(confusion_maps(["a", "b"], ["s"], [values]), "confusion")
        return svg.count("M ")

    # a rare confusion of 1 % is drawn, none is not
    assert (
        cells(np.array([[0.99, 0.01], [1.0, 0.0]])) == cells(np.array([[1.0, 0.0], [1.0, 0.0]])) + 1
    )


def test_names_are_no_formulas_and_long_ones_keep_both_ends() -> None:
    name = "$x$" + "y" * 60 + "end"
    svg = to_svg(recall_map([name], [1], ["s"], np.ones((1, 1)), np.zeros((1, 1))), "recall")
    assert re.search(r">\$x\$y+…y+end<", svg)


def test_settings_of_the_reader_stay_as_they_were() -> None:
    def settings() -> dict[str, object]:
        return {
            name: matplotlib.rcParams[name] for name in matplotlib.rcParams if name != "backend"
        }

    before = settings()
    to_svg(recall_map(["a"], [1], ["s"], np.ones((1, 1)), np.zeros((1, 1))), "x")
    assert settings() == before
