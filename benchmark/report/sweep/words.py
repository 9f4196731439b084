"""How sentences of a sweep's report name its settings, values and runs."""

from benchmark.analysis.sweep import SweepComparison
from benchmark.plan.sweep import title_of
from benchmark.report.render.blocks import as_code, without_ticks
from benchmark.system.text import join_names, pluralize

# a value of a setting, one and several, where the setting's own name does not do
NOUNS = {
    "fine_tune": ("depth", "depths"),
    "lr": ("learning rate", "learning rates"),
    "lr_schedule": ("learning-rate schedule", "learning-rate schedules"),
    "epochs": ("number of epochs", "numbers of epochs"),
    "augmentation": ("strength of augmentation", "strengths of augmentation"),
    "label_noise": ("label noise", "levels of label noise"),
}


def noun(setting: str) -> str:
    """Return what a value of a setting is called: recipe, depth."""
    return NOUNS[setting][0] if setting in NOUNS else title_of(setting)


def plural(setting: str) -> str:
    """Return what values of a setting are called: recipes, depths."""
    return NOUNS[setting][1] if setting in NOUNS else f"{title_of(setting)}s"


def with_noun(setting: str, value: str) -> str:
    """Return a value with what it is a value of: "4 epochs", "depth `half`"."""
    if setting == "epochs" and value != "None":
        return f"{without_ticks(value)} {'epoch' if value == '1' else 'epochs'}"
    return f"{noun(setting)} {as_code(value)}"


def short_value(setting: str, value: str) -> str:
    """Return a value once its setting was named: a number of epochs as it is, others as code."""
    return without_ticks(value) if setting == "epochs" else as_code(value)


def values_in_words(setting: str, number: int) -> str:
    """Return "both recipes" or "all 3 recipes"."""
    return f"{'both' if number == 2 else f'all {number}'} {plural(setting)}"


def runs_in_words(comparison: SweepComparison) -> str:
    """Return "both recipes" or, of several settings, "all 6 runs"."""
    number = len(comparison.names)
    if len(comparison.settings) == 1:
        return values_in_words(comparison.settings[0], number)
    return f"{'both' if number == 2 else f'all {number}'} runs"


def settings_in_words(comparison: SweepComparison) -> str:
    """Return "3 depths and 2 learning rates"."""
    counts = {setting: len(comparison.values_of(setting)) for setting in comparison.settings}
    return join_names([pluralize(n, noun(s), plural(s)) for s, n in counts.items()])


def quote_all(names: list[str] | tuple[str, ...], most: int) -> str:
    """Name few strategies in code, count many."""
    if len(names) > most:
        return f"{len(names)} strategies"
    return join_names([as_code(name) for name in names])
