"""The colours of page and drawings, each for a light and a dark page."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex

LEVELS = 21  # of a share between 0 and 1: steps of 5 %
INVERTED_FROM = 12  # text is inverted from here on: contrast stays above 4.5 on both pages

# Lightness is monotonic in both ramps, so they work with any colour vision and in grey.
_LIGHT = [
    *((0.0, "#e9eeea"), (0.2, "#a9dcc0"), (0.4, "#3aaead")),
    *((0.575, "#377aa3"), (0.7, "#385f98"), (1.0, "#35264c")),
]
_DARK = [
    *((0.0, "#242a30"), (0.25, "#3a3d6b"), (0.45, "#385f98")),
    *((0.575, "#377aa3"), (0.78, "#3aaead"), (1.0, "#d5f2dc")),
]


def _ramp(stops: list[tuple[float, str]]) -> list[str]:
    shades = LinearSegmentedColormap.from_list("", stops)(np.linspace(0, 1, LEVELS))
    return [to_hex(shade) for shade in shades]


# name -> (light, dark). All light colours differ: a drawing's colour identifies its name.
COLOURS: dict[str, tuple[str, str]] = {
    "ink": ("#1d2125", "#e4e7ea"),
    "paper": ("#fffefd", "#15181b"),
    "muted": ("#5c646c", "#a3abb3"),
    "faint": ("#c3c8cd", "#4a525a"),
    "plain": ("#868e96", "#7d8690"),  # data without a colour: contrast to paper of 3 or more
    "line": ("#b03a12", "#ffa06b"),
    "second": ("#2a5f96", "#86b7ea"),
    "on-low": ("#010101", "#ffffff"),  # matplotlib omits #000000, so no page could replace it
    "on-high": ("#ffffff", "#000000"),
}
INK, PAPER, MUTED, FAINT, PLAIN, LINE, SECOND, ON_LOW, ON_HIGH = (
    light for light, _ in COLOURS.values()
)
HEAT = [f"heat-{level}" for level in range(LEVELS)]
COLOURS |= dict(zip(HEAT, zip(_ramp(_LIGHT), _ramp(_DARK), strict=True), strict=True))


def colour_levels(shares: np.ndarray) -> np.ndarray:
    """Return the indices of shares in the ramp, -1 for NaN."""
    indices = np.rint(np.clip(shares, 0, 1) * (LEVELS - 1))
    return np.where(np.isnan(indices), -1, indices).astype(int)
