"""How the networks of a run were trained, as it was done rather than as its recipe says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.report.render.blocks import Cell, Row, Table, printable
from benchmark.report.render.formats import MISSING, format_count, join_names

_SPELT = {"lr": "learning rate"}


def recipe_title(experiment: Mapping[str, Any]) -> str:
    """Return "Recipe <name>", and what of the recipe was changed for this run."""
    recipe = experiment.get("recipe")
    name = recipe.get("name") if isinstance(recipe, dict) else recipe
    title = f"Recipe {printable(str(name))}" if name else "Recipe"
    return (
        f"{title}, with {join_names(changed)} changed"
        if (changed := _changed(experiment))
        else title
    )


def recipe_words(experiment: Mapping[str, Any]) -> str:
    """Return the recipe's own description, marked as such where the run departs from it."""
    recipe = experiment.get("recipe")
    words = str(recipe.get("description") or "") if isinstance(recipe, dict) else ""
    return f"The recipe unchanged: {words}" if words and _changed(experiment) else words


def batch_size(experiment: Mapping[str, Any]) -> str | None:
    """Return the batch size that was used, and the recipe's where it is another one."""
    recipe = experiment.get("recipe")
    named = recipe.get("batch_size") if isinstance(recipe, dict) else None
    used = experiment.get("batch_size", named)
    if used is None:
        return None
    return str(used) if named in (None, used) else f"{used} (recipe: {named})"


def phases_table(experiment: Mapping[str, Any]) -> Table | None:
    """One row a phase: epochs, optimizer steps, what is trained, at which rates; None without."""
    recipe = experiment.get("recipe")
    recorded = recipe.get("phases") if isinstance(recipe, dict) else None
    phases = [phase for phase in recorded or [] if isinstance(phase, dict)]
    if not phases:
        return None
    steps = experiment.get("phase_steps") or []
    columns: dict[str, list[str]] = {"Epochs": [_number(p.get("epochs")) for p in phases]}
    if len(steps) == len(phases):
        columns["Steps"] = [format_count(number) for number in steps]
    columns["Trained"] = [_trained(p, experiment.get("first_trained")) for p in phases]
    columns["Learning rate"] = [_rates(phase) for phase in phases]
    if any(phase.get("warmup") or phase.get("cosine") for phase in phases):
        columns["Schedule"] = [_schedule(phase) for phase in phases]
    titles = ("Phase", *columns)
    texts = frozenset(k for k, title in enumerate(titles) if title not in ("Epochs", "Steps"))
    rows = (
        Row((Cell(str(place)), *map(Cell, cells)))
        for place, cells in enumerate(zip(*columns.values(), strict=True), start=1)
    )
    return Table("The training as it was done.", titles, tuple(rows), texts)


def _changed(experiment: Mapping[str, Any]) -> list[str]:
    names = [printable(str(name)) for name in experiment.get("changed") or []]
    return [_SPELT.get(name, name.replace("_", " ")) for name in names]


def _trained(phase: Mapping[str, Any], first: Any) -> str:
    part = phase.get("train_from")
    if part == "head" or (part == "rest" and first == "head"):
        return "the new last layer"
    if part == "rest":
        return f"{printable(str(first or 'the first trained block'))} and everything after it"
    return MISSING if part is None else printable(str(part))


def _rates(phase: Mapping[str, Any]) -> str:
    rate, head = phase.get("lr"), phase.get("head_lr")
    text = _number(rate)
    return text if head is None or head == rate else f"{text}, last layer {_number(head)}"


def _schedule(phase: Mapping[str, Any]) -> str:
    parts = []
    if phase.get("warmup"):
        parts.append(f"linear warm-up over the first {100 * phase['warmup']:g} %")
    if phase.get("cosine"):
        parts.append("cosine to 0")
    lr_milestones = phase.get("drops") or ()
    parts += [f"a hundredth of it from {100 * drop:g} % on" for drop in lr_milestones]
    return ", then ".join(parts) or "constant"


def _number(value: Any) -> str:
    return MISSING if value is None else f"{value:g}"
