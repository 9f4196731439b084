"""The noise floor in words, and the mark of differences that are no larger."""

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.confidence import PRIMARY_METRIC
from benchmark.analysis.noise_floor import NoiseFloor, is_no_larger, noise_floor
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import format_share
from benchmark.report.single.strategies import short_name
from benchmark.system.text import join_names, pluralize

MARK = "≈"  # before a difference no larger than the floor
MOST_NAMES = 3  # strategies that a sentence names


def is_noise(floor: float | None, difference: float) -> bool:
    """Return whether a mean difference is other than 0, and no larger than the floor, if any."""
    return floor is not None and difference != 0 and is_no_larger(difference, floor)


def noise_floor_sentence(comparison: Comparison) -> str:
    """Say what training once more moved, and which strategies moved no more; "" without a floor."""
    floor = noise_floor(comparison)
    if floor is None:
        return ""
    seeds = len(floor.differences(PRIMARY_METRIC))
    name, moved = short_name(comparison, floor.original), floor.of_seed(PRIMARY_METRIC)
    text = f"{name} trained twice differs by {format_share(moved)} in macro-F1"
    if seeds > 1:
        mean = format_share(floor.of_mean(PRIMARY_METRIC))
        text += f" (root mean square over {seeds} seeds), so means over them may differ by {mean}"
    texts = [f"{text}: smaller differences are noise, and larger ones may be."]
    if comparison.baseline != floor.original:
        which = "The baseline" if comparison.baseline is None else as_code(comparison.baseline)
        texts.append(f"{which} was trained only once, so its own noise is not known.")
    return " ".join([*texts, _no_larger(comparison, floor)]).rstrip()


def mark_sentence(comparison: Comparison) -> str:
    """Explain the mark, for the caption of a table of differences; "" without a floor."""
    floor = noise_floor(comparison)
    if floor is None:
        return ""
    again, original = as_code(str(comparison.null)), as_code(floor.original)
    text = f"{MARK}: no larger than what {again} differs from {original}"
    if (seeds := len(floor.differences(PRIMARY_METRIC))) > 1:
        text += f" in the mean, or by the seeds' root mean square over √{seeds}"
    return f"{text}, so perhaps chance."


def _no_larger(comparison: Comparison, floor: NoiseFloor) -> str:
    """Name the strategies whose macro-F1 differs from the baseline's by no more than the floor."""
    finished, baseline = comparison.finished_in_all_seeds, comparison.baseline
    if baseline not in finished:
        return ""
    means = comparison.summary.set_index("strategy")[PRIMARY_METRIC].astype(float)
    others = [name for name in finished if name != baseline]
    moved = floor.of_mean(PRIMARY_METRIC)
    names = [name for name in others if is_no_larger(means[name] - means[baseline], moved)]
    if len(names) > MOST_NAMES:
        return f"No larger: {len(names)} of {pluralize(len(others), 'strategy', 'strategies')}."
    which = join_names(list(map(as_code, names)))
    noun = "difference" if len(names) == 1 else "differences"
    return f"No larger: the {noun} of {which}." if names else ""
