"""What a ranking is a ranking of: networks of one recipe, which may not have finished training."""

from benchmark.analysis.comparison import Comparison
from benchmark.execution.run_folder import SWEEP_FILE
from benchmark.plan.recipes import RECIPES
from benchmark.report.render.blocks import as_code
from benchmark.system.text import join_names, pluralize

BOTH = f"`--recipe {','.join(RECIPES)}`"
MOST_NAMES = 3  # strategies that the sentence names; more are counted


def undertrained_sentence(comparison: Comparison, name_the_remedy: bool = True) -> str:
    """Return for how many strategies the loss was still falling at the end; '' for none."""
    falling = comparison.still_falling
    names = [name for name, is_falling in falling.items() if is_falling]
    if not names:
        return ""
    number, all_of_them = len(names), pluralize(len(falling), "strategy", "strategies")
    every = "both strategies" if number == 2 else f"all {all_of_them}"
    which = f"{number} of {all_of_them}" if number < len(falling) else every
    if len(falling) == 1:
        which = as_code(names[0])
    start = f"The loss was still falling for {which} when training ended"
    remedy = f" Longer training may turn it: {_remedy(comparison)}." if name_the_remedy else ""
    if len(falling) == 1:
        return f"{start}: it is under-trained.{remedy.replace('turn it', 'change its numbers')}"
    if 2 * number >= len(falling):
        claim = f"{start}: this ranking is one of under-trained networks."
    else:
        named = join_names(list(map(as_code, names)))
        they = "it is" if number == 1 else "these are"
        claim = f"{start}{f' ({named})' if number <= MOST_NAMES else ''}: {they} under-trained."
    return claim + remedy


def _remedy(comparison: Comparison) -> str:
    """Return "`--recipe forum,strong` shows it", or what to do where that is done already."""
    experiment = comparison.manifest.experiment
    if _belongs_to_sweep(comparison) or experiment.recipe.name != next(iter(RECIPES)):
        epochs = [f"{2 * phase['epochs']:g}" for phase in experiment.recipe.phases]
        return f"`--epochs {'+'.join(epochs)}`, twice as many, shows it"
    return f"{BOTH} shows it"


def recipe_sentence(comparison: Comparison) -> str:
    """Return that the ranking is that of one recipe, and which command tells whether it holds.

    "" where nothing is ranked, or where a warning of under-trained networks names that command.
    """
    if len(comparison.finished_in_all_seeds) < 2:
        return ""
    recipe = comparison.manifest.experiment.recipe.name
    start = f"This ranking is that of one recipe, {as_code(recipe)}"
    if _belongs_to_sweep(comparison):
        return f"{start}; `../report.html` puts it beside others."
    if recipe in RECIPES:
        if recipe == next(iter(RECIPES)) and any(comparison.still_falling.values()):
            return ""
        return f"{start}: {BOTH} tells whether it holds under another."
    return f"{start}: a run with several recipes tells whether it holds under another."


def _belongs_to_sweep(comparison: Comparison) -> bool:
    return (comparison.folder.parent / SWEEP_FILE).exists()
