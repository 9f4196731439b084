"""The values of a setting in their order: from small to large, from little to much trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.analysis.sweep import SweepComparison

BY_NUMBER = ("epochs", "lr", "batch_size", "augmentation")
_DEPTHS = {"head": 0.0, "half": 1.0, "full": 2.0}


def values_in_order(sweep: SweepComparison, setting: str) -> tuple[str, ...] | None:
    """Return the values of a setting from small to large, depths by how much is trained.

    None where they have no order: recipes, backbones, noise of two kinds, epochs like 2+3.
    """
    values = sweep.values_of(setting)
    if setting == "fine_tune":
        sizes = _depths(sweep, values)
    elif setting == "label_noise":
        sizes = _noise_rates(values)
    else:
        sizes = _numbers(values) if setting in BY_NUMBER else None
    if sizes is None or len(set(sizes)) < len(values):
        return None
    return tuple(value for _, value in sorted(zip(sizes, values, strict=True)))


def _depths(sweep: SweepComparison, values: Sequence[str]) -> list[float] | None:
    """Return how many blocks each depth trains, under the backbone of the first run.

    A run of an earlier version does not say so: then head, half and full alone have an order.
    """
    k, blocks = sweep.settings.index("fine_tune"), dict[str, int | None]()
    backbone = sweep.runs[0].manifest.experiment.settings.get("backbone")
    for own, run in zip(sweep.values, sweep.runs, strict=True):
        experiment = run.manifest.experiment
        if experiment.settings.get("backbone") == backbone:
            blocks[own[k]] = experiment.trained_blocks
    counts = [float(n) for value in values if (n := blocks.get(value)) is not None]
    if len(counts) == len(values):
        return counts
    return [_DEPTHS[value] for value in values] if set(values) <= _DEPTHS.keys() else None


def _noise_rates(values: Sequence[str]) -> list[float] | None:
    """Return the shares of wrong labels; None for files, or noise of two kinds."""
    parts = [value.removesuffix("@val").rpartition(":") for value in values]
    rates = _numbers([rate for _, _, rate in parts])
    if rates is None:
        return None
    wrong = zip(values, parts, rates, strict=True)
    kinds = {(kind, value.endswith("@val")) for value, (kind, _, _), rate in wrong if rate}
    return rates if len(kinds) < 2 else None


def _numbers(values: Sequence[str]) -> list[float] | None:
    try:
        return [float(value) for value in values]
    except ValueError:
        return None
