"""What an experiment changes in the recipe that it names."""

from benchmark.plan.experiment import Experiment
from benchmark.plan.recipes import RECIPES


def changed_from_recipe(experiment: Experiment) -> list[str]:
    """Return the settings that differ from the recipe of that name, like 'epochs' or 'fine_tune'.

    From a recipe of the user's own, only the last can differ.
    """
    recipe = experiment.recipe
    named = RECIPES.get(recipe.name, recipe)
    pairs = list(zip(recipe.phases, named.phases, strict=True))
    fields = {"epochs": ("epochs",), "lr": ("lr",), "lr_schedule": ("cosine", "lr_milestones")}
    changed = [
        name
        for name, own in fields.items()
        if any(getattr(a, field) != getattr(b, field) for field in own for a, b in pairs)
    ]
    changed += ["augmentation"] * (recipe.augmentation != named.augmentation)
    return changed + ["fine_tune"] * (experiment.fine_tune != Experiment.fine_tune)
