"""The warning that few seeds make intervals wide, for the pages of sweeps and of studies."""

from scipy.stats import t

from benchmark.evaluation.statistics import LEVEL

ENOUGH_SEEDS = 5  # from which on intervals over seeds are of use


def few_seeds_warning(seeds: int, wanted: int = ENOUGH_SEEDS) -> str:
    """Say what so few seeds can't tell; '' from ENOUGH_SEEDS on. `wanted` are advised, or more."""
    if seeds == 1:
        return "One seed: all of this is about these networks; another training may differ."
    if not 1 < seeds < ENOUGH_SEEDS:
        return ""
    more = max(wanted, ENOUGH_SEEDS)
    return (
        f"{seeds} seeds: intervals over them are wide, {_standard_errors(seeds):.1f} standard "
        "errors to each side, so a difference that is there may not be clear. "
        f"{more} seeds tell more ({_standard_errors(more):.1f}): `--seeds {more}` trains those "
        "that are missing."
    )


def _standard_errors(seeds: int) -> float:
    """Return Student's t by which the standard error over seeds is multiplied."""
    return float(t.ppf((1 + LEVEL) / 2, seeds - 1))
