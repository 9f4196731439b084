"""Colours: readable on light and dark pages, in order for every kind of colour vision."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from benchmark.report.render.colours import COLOURS, HEAT, INVERTED_FROM, colour_levels


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", [0, 1], ids=["light", "dark"])
def test_text_has_enough_contrast(page: int) -> None:
    for name in ("ink", "muted", "line", "second"):
        assert contrast(COLOURS[name][page], COLOURS["paper"][page]) >= 4.5
    for level, name in enumerate(HEAT):
        ink = COLOURS["on-low" if level < INVERTED_FROM else "on-high"][page]
        assert contrast(ink, COLOURS[name][page]) >= 4.5


def test_a_share_takes_the_nearest_shade() -> None:
    assert colour_levels(np.array([0, 0.024, 0.026, 0.974, 0.976, 1, np.nan])).tolist() == [
        *(0, 0, 1, 19, 20, 20, -1)
    ]


@pytest.mark.parametrize("page", [0, 1], ids=["light", "dark"])
def test_heat_differs_by_lightness_alone(page: int) -> None:
    steps = np.diff([luminance(COLOURS[name][page]) for name in HEAT])
    assert (steps < 0).all() or (steps > 0).all()


def test_a_light_colour_tells_its_name() -> None:
    light = [pair[0] for pair in COLOURS.values()]
    assert len(light) == len(set(light))
