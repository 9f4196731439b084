"""The scale of wide grey in a set, and facts about its images as levels of that scale."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.data.decoding.grey_scale import GreyScale, choose_scale
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_info import EIGHT_BITS, ImageInfo


def choose_scales(infos: Mapping[int, ImageInfo]) -> dict[str, GreyScale]:
    """Return the scale of each kind of wide grey in a set; none if all images have 8 bits."""
    facts = ImageFacts.from_infos(infos)
    kinds, low, high = (facts.column(name) for name in ("kind", "low", "high"))
    scales = {}
    for kind in sorted(set(facts.texts["kind"]) - {EIGHT_BITS}):
        if (own := kinds == kind).any():
            scales[kind] = choose_scale(kind, float(low[own].min()), float(high[own].max()))
    return scales


def levels(infos: Mapping[int, ImageInfo], name: str) -> NDArray[np.float64]:
    """Return the facts `name` (low, dark, bright, high) as grey levels, (len(infos),)."""
    facts = ImageFacts.from_infos(infos)
    values, kinds = facts.column(name).astype(np.float64), facts.column("kind")
    for kind, scale in choose_scales(facts).items():
        values[kinds == kind] = scale.levels(values[kinds == kind])
    return values
