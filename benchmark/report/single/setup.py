"""How a run was set up: data, recipe as carried out, settings, weights, machine, command."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.execution.manifest_schema import ExperimentInfo
from benchmark.plan.recipes import MIN_STEPS_PER_EPOCH, SMALLEST_BATCH
from benchmark.report.render.blocks import Block, Code, Details, Facts, Heading, Table, make_row
from benchmark.report.render.formats import MISSING, format_count
from benchmark.report.single.class_groups import are_many, by_shots_and_all
from benchmark.report.single.shot_groups import shot_groups_sentence
from benchmark.report.single.strategies import prose
from benchmark.system.text import join_names

NAMES = {"lr": "Learning rate", "head lr": "Head learning rate", "fine tune": "Fine-tune depth"}
NAMES |= {"cpu": "CPU", "sha256": "SHA-256"}
LARGEST, RAREST = 20, 30  # of many classes, that are listed
SPLITS = {"train": "Train", "val": "Validation", "test": "Test"}


def data_section(comparison: Comparison) -> Iterator[Block]:
    """Yield what the data set is, and its images by class and split."""
    data, settings = comparison.manifest.data, comparison.manifest.experiment.settings
    yield from prose(data.description)
    pairs = {"name": data.name, "imbalance": settings.get("imbalance")}
    yield facts(pairs | {"images": format_count(data.images), "groups": data.groups})
    if are_many(comparison):
        yield group_images_table(comparison)
        summary = f"Images of the {LARGEST} largest and the {RAREST} rarest classes in each split"
        yield Details(summary, (class_images_table(comparison),))
        return
    yield Details("Images of each class in each split", (class_images_table(comparison),))


def group_images_table(comparison: Comparison) -> Table:
    """Images of all classes with many, medium and few training images, in each split."""
    counts = _split_counts(comparison)
    groups = by_shots_and_all(comparison)
    rows = []
    for name, classes in groups.items():
        images = (format_count(int(own[classes].sum())) for own in counts.values())
        rows.append(make_row(name.capitalize(), format_count(len(classes)), *images))
    titles = ("Training images", "Classes", *(SPLITS[split] for split in counts))
    caption = (
        "Images of the classes with many, medium and few training images in the splits of the "
        f"first seed. {shot_groups_sentence(comparison)}"
    )
    return Table(caption, titles, tuple(rows), csv="class_images.csv")


def _split_counts(comparison: Comparison) -> dict[str, np.ndarray]:
    """Return split -> images of each class (C,) in the first seed, as the tables order them."""
    data = comparison.manifest.data
    index = {name: k for k, name in enumerate(data.classes)}
    order = [index[name] for name in comparison.classes]
    return {s: np.array(data.counts[s])[order] for s in SPLITS if s in data.counts}


def class_images_table(comparison: Comparison) -> Table:
    """Images of each class in each split of the first seed; of many the largest and rarest."""
    counts, classes = _split_counts(comparison), comparison.classes
    listed = list(range(len(classes)))
    caption = "Images of each class in the splits of the first seed, largest class first."
    if are_many(comparison):
        listed = [*listed[:LARGEST], *listed[-RAREST:]]
        caption += (
            f" The {LARGEST} largest and the {RAREST} rarest of {len(classes):,}; class_images.csv "
            "has all."
        )
    rows = [
        make_row(classes[c], *(format_count(int(own[c])) for own in counts.values()))
        for c in listed
    ]
    titles = ("Class", *(SPLITS[split] for split in counts))
    return Table(caption, titles, tuple(rows), csv="class_images.csv")


def setup_section(comparison: Comparison) -> Iterator[Block]:
    """Yield recipe, settings, weights, machine and command."""
    manifest = comparison.manifest
    experiment = manifest.experiment
    yield Heading(recipe_title(experiment))
    defined = "As the recipe is defined: " if experiment.changed else ""
    reason = _batch_size_reason(experiment)
    yield from prose(f"{defined}{experiment.recipe.description} {reason}")
    yield phases_table(experiment)
    yield facts(_settings(comparison))
    yield Heading("Weights")
    yield facts(asdict(manifest.weights))
    yield Heading("Machine and versions")
    yield facts(manifest.environment)
    if manifest.command:
        yield Heading("Command")
        yield Code(manifest.command)


def recipe_title(experiment: ExperimentInfo) -> str:
    """Return "Recipe <name>", what of the recipe this run changed, and its batches if smaller."""
    changed = [_spell(name).lower() for name in experiment.changed]
    title = f"Recipe {experiment.recipe.name}"
    title = f"{title}, with {join_names(changed)} changed" if changed else title
    if experiment.batch_size == experiment.recipe.batch_size:
        return title
    return f"{title}, in batches of {format_batch_size(experiment)}"


def _batch_size_reason(experiment: ExperimentInfo) -> str:
    """Say why batches are not those of the recipe; empty where they are."""
    used, named = experiment.batch_size, experiment.recipe.batch_size
    if used == named:
        return ""
    if experiment.settings.get("batch_size") is not None:
        return f"Batches have {used} images, not {named}, as the run was told."
    return (
        f"Batches have {used} images, not {named}: they were halved until an epoch had "
        f"{MIN_STEPS_PER_EPOCH} steps, or down to {SMALLEST_BATCH}. A smaller batch makes more "
        "steps of the same epochs, and noisier ones."
    )


def phases_table(experiment: ExperimentInfo) -> Table:
    """One row a phase: epochs, optimizer steps, what is trained, at which rates."""
    phases = experiment.recipe.phases
    columns: dict[str, Sequence[str]] = {
        "Epochs": [f"{phase['epochs']:g}" for phase in phases],
        "Steps": [format_count(steps) for steps in experiment.phase_steps],
        "Trained": [_trained_blocks(phase, experiment.first_trained) for phase in phases],
        "Learning rate": [_rates(phase) for phase in phases],
    }
    if any(phase["warmup"] or phase["cosine"] or phase["lr_milestones"] for phase in phases):
        columns["Schedule"] = [_schedule(phase) for phase in phases]
    titles = ("Phase", *columns)
    text_columns = frozenset(range(len(titles))) - {1, 2}  # epochs and steps are numbers
    cells = zip(map(str, range(1, len(phases) + 1)), *columns.values(), strict=True)
    rows = tuple(make_row(*texts) for texts in cells)
    return Table("The training as carried out.", titles, rows, text_columns)


def format_batch_size(experiment: ExperimentInfo) -> str:
    """Return the batch size that was used, and the recipe's if that is another."""
    used, named = experiment.batch_size, experiment.recipe.batch_size
    return str(used) if named == used else f"{used} (recipe: {named})"


def facts(pairs: Mapping[str, Any]) -> Facts:
    """Return names and values, without those that have no value."""
    given = {name: value for name, value in pairs.items() if value not in (None, "")}
    return Facts(tuple((_spell(name), _format_value(value)) for name, value in given.items()))


def _settings(comparison: Comparison) -> dict[str, Any]:
    """Return all settings, those that were "auto" as chosen, and the recipe's optimizer."""
    manifest, experiment = comparison.manifest, comparison.manifest.experiment
    shown_elsewhere = ("recipe", "name", "description", "phases")
    chosen = {name: getattr(experiment, name) for name in ("precision", "device")}
    optimizer = ("weight_decay", "momentum", "augmentation")
    optimizer_values = {name: getattr(experiment.recipe, name) for name in optimizer}
    pairs = {**experiment.settings, **chosen, **optimizer_values, "seeds": manifest.seeds}
    pairs["batch_size"] = format_batch_size(experiment)
    pairs["augmentation"] = pairs["augmentation"].replace("NoAugmentation()", "none")
    return {name: value for name, value in pairs.items() if name not in shown_elsewhere}


def _trained_blocks(phase: Mapping[str, Any], first_trained: str) -> str:
    """Say which blocks a phase trains: "rest" begins at the experiment's first trained block."""
    first = first_trained if phase["train_from"] == "rest" else phase["train_from"]
    return "the new last layer" if first == "head" else f"{first} and all after it"


def _rates(phase: Mapping[str, Any]) -> str:
    rate, head_rate = phase["lr"], phase["head_lr"]
    only = head_rate is None or head_rate == rate
    return f"{rate:g}" if only else f"{rate:g}, last layer {head_rate:g}"


def _schedule(phase: Mapping[str, Any]) -> str:
    steps = []
    if phase["warmup"]:
        steps.append(f"linear warm-up over the first {100 * phase['warmup']:g} %")
    if phase["cosine"]:
        steps.append("cosine to 0")
    steps += [f"divided by 100 at {100 * share:g} %" for share in phase["lr_milestones"]]
    return ", then ".join(steps) or "constant"


def _spell(name: str) -> str:
    name = name.replace("_", " ")
    return NAMES.get(name, name[:1].upper() + name[1:])


def _format_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_format_value(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_format_value, value))
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
