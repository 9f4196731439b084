"""Which strategies share a trained network: what is of the network is shown once."""

from __future__ import annotations

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.formats import join_names


def owners(comparison: Comparison) -> dict[str, str]:
    """Return for each strategy the one whose network it uses, for most itself.

    Of several that share a network the baseline is its owner, or else the first.
    """
    networks = comparison.manifest.get("networks") or {}
    taken: dict[str, str] = {}
    for name in sorted(comparison.strategies, key=lambda name: name != comparison.baseline):
        taken.setdefault(str(networks.get(name, name)), name)
    return {name: taken[str(networks.get(name, name))] for name in comparison.strategies}


def titles(comparison: Comparison) -> dict[str, str]:
    """Return for each owner, in the order asked, its name and who else uses its network."""
    owned = owners(comparison)
    return {
        owner: owner + (f" (also {join_names(others)})" if others else "")
        for owner in comparison.strategies
        if owned[owner] == owner
        for others in [[name for name, of in owned.items() if of == owner and name != owner]]
    }
