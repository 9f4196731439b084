"""The settings in which runs may differ besides their data."""

from __future__ import annotations

from benchmark.analysis.comparison import Comparison
from benchmark.execution.manifest import RecipeInfo
from benchmark.report.render.formats import MISSING


def comparable_settings(run: Comparison) -> dict[str, str]:
    """Return the settings that should be the same on all data sets, as texts."""
    experiment, weights = run.manifest.experiment, run.manifest.weights
    settings = experiment.settings
    size = settings.get("image_size")
    pairs = {
        "recipe": _format_recipe(experiment.recipe),
        "network": settings.get("backbone"),
        "weights": f"{weights.name} {weights.sha256[:8]}".strip(),  # one name, several files
        "image size": f"{size} px" if size else None,
        "fine-tune depth": settings.get("fine_tune"),
        "precision": experiment.precision,
        "seeds": ", ".join(map(str, run.seeds)),
    }
    return {name: str(value or MISSING) for name, value in pairs.items()}


def _format_recipe(recipe: RecipeInfo) -> str:
    """Return a recipe's name and phases, which a run may have changed."""
    phases = [
        f"{phase['epochs']:g} epochs of the {phase['train_from']} at {phase['lr']:g}"
        for phase in recipe.phases
    ]
    return f"{recipe.name} ({', then '.join(phases)})" if phases else recipe.name
