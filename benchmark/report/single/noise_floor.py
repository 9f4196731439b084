"""The noise floor in words, and the marks of differences that are no larger."""

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.noise_floor import NoiseFloor, noise_floor
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import format_share
from benchmark.report.single.strategies import short_name
from benchmark.system.text import join_names, pluralize

CLAIMED = "macro_f1"
MARK = "≈"  # before a difference no larger than the floor
MOST_NAMES = 3  # strategies that a sentence names


class NoiseMarks:
    """Marks the differences from the baseline that are no larger than the noise floor.

    A strategy that uses the baseline's network has no marks: its difference is that of a decision,
    and another training would change both.
    """

    def __init__(self, comparison: Comparison) -> None:
        self.floor: NoiseFloor | None = noise_floor(comparison)
        self.strategies = frozenset(comparison.strategies)  # that compete
        owners = comparison.network_owners
        shared = owners.get(str(comparison.baseline))
        self.trained = {name for name, owner in owners.items() if owner != shared}

    def is_noise(self, strategy: str, metric: str, difference: float) -> bool:
        """Return whether a mean difference is other than 0, and no larger than the floor."""
        if self.floor is None or strategy not in self.trained or metric not in self.floor.by_seed:
            return False
        return 0 < abs(difference) <= self.floor.of_mean(metric) + 1e-12


def noise_floor_sentence(comparison: Comparison) -> str:
    """Say what training once more moved, and which strategies moved no more; "" without a floor."""
    floor = noise_floor(comparison)
    if floor is None:
        return ""
    name = short_name(comparison, floor.original)
    moved = f"{name} trained twice differs by {format_share(floor.by_seed[CLAIMED])} in macro-F1"
    if floor.seeds > 1:
        mean = format_share(floor.of_mean(CLAIMED))
        moved += (
            f" (root mean square over {floor.seeds} seeds), which leaves {mean} in a mean over "
            f"{floor.seeds} seeds"
        )
    texts = [f"{moved}: smaller differences are noise, and larger ones may be."]
    if comparison.baseline != floor.original:
        which = "The baseline" if comparison.baseline is None else as_code(comparison.baseline)
        texts.append(f"{which} was trained only once, so its own noise is not known.")
    return " ".join([*texts, _no_larger(comparison)]).rstrip()


def _no_larger(comparison: Comparison) -> str:
    """Name the strategies whose macro-F1 differs from the baseline's by no more than the floor."""
    means, marks = comparison.summary.set_index("strategy").to_dict("index"), NoiseMarks(comparison)
    finished = comparison.finished_in_all_seeds
    if comparison.baseline not in finished:
        return ""
    before = float(means[str(comparison.baseline)][CLAIMED])
    names = [
        name
        for name in finished
        if marks.is_noise(name, CLAIMED, float(means[name][CLAIMED]) - before)
    ]
    if not names:
        return ""
    if len(names) > MOST_NAMES:
        number = pluralize(len(marks.trained), "strategy", "strategies")
        return f"No larger: {len(names)} of {number} with a training of their own."
    return f"No larger: the difference of {join_names(list(map(as_code, names)))}."


def mark_sentence(comparison: Comparison) -> str:
    """Explain the mark, for the caption of a table of differences; "" without a floor."""
    floor = noise_floor(comparison)
    if floor is None:
        return ""
    again, how = as_code(str(comparison.null)), f"differs from {as_code(floor.original)}"
    if floor.seeds > 1:
        how = f"moves a mean over {floor.seeds} seeds (its root mean square over seeds, by √n)"
    marks = NoiseMarks(comparison)
    shared = len(marks.trained) < len(comparison.strategies) - 1
    unmarked = "; decisions on the baseline's own network have no mark" if shared else ""
    return f"{MARK}: no larger than what {again} {how}, so perhaps chance{unmarked}."
