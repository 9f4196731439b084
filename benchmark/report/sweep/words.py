"""How sentences of a sweep's report name its setting and its values."""

from benchmark.analysis.sweep import SweepComparison
from benchmark.report.render.blocks import as_code
from benchmark.system.text import join_names


def plural(comparison: SweepComparison) -> str:
    """Return the setting in the plural: recipes."""
    return f"{comparison.setting.replace('_', ' ')}s"


def values_in_words(comparison: SweepComparison) -> str:
    """Return "both recipes" or "all 3 recipes"."""
    number = len(comparison.names)
    return f"{'both' if number == 2 else f'all {number}'} {plural(comparison)}"


def quote_all(names: list[str] | tuple[str, ...], most: int) -> str:
    """Name few strategies in code, count many."""
    if len(names) > most:
        return f"{len(names)} strategies"
    return join_names([as_code(name) for name in names])
