"""How values of an experiment's settings are read, and which are allowed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmark.data.imageset import ImageSet
from benchmark.plan.recipes import STRONGEST, Recipe, recipe_for
from benchmark.plan.setting_readers import read_texts, read_whole_numbers

BUDGETS = ("images", "steps")
MOST_SEEDS = 1000  # more is a slip: a seed is a training of every strategy
PRECISIONS = {"torch.float32": "fp32", "torch.bfloat16": "bf16"}  # by the name of torch's type


def read_seeds(value: Any) -> tuple[int, ...]:
    """Turn a number of seeds, as text or int, into the seeds; a sequence of seeds stays.

    Raises
    ------
    TypeError, ValueError
        If it is neither; text with several numbers gets the sentence that names --seed-list.
    """
    if isinstance(value, str) and "," in value:
        named = value.strip().strip(",")
        raise ValueError(
            f"seeds {value.strip()!r} is not allowed: --seeds counts; to name seeds, write "
            f"--seed-list {named} (in a file, seed-list = [{named}])"
        )
    if isinstance(value, Iterable) and not isinstance(value, str):
        return read_whole_numbers(value)
    (number,) = read_whole_numbers(value if str(value).strip().isdecimal() else "0")
    return tuple(range(min(number, MOST_SEEDS + 1)))


def are_seeds(seeds: tuple[int, ...]) -> bool:
    """Tell whether seeds are allowed: each once, not too many, none too large."""
    return 0 < len(set(seeds)) == len(seeds) <= MOST_SEEDS and 0 <= min(seeds) <= max(seeds) < 2**32


def is_positive(number: float) -> bool:
    """Tell whether a number is above 0."""
    return number > 0


def is_strength(number: float) -> bool:
    """Tell whether a strength of augmentation is allowed."""
    return 0 <= number <= STRONGEST


def are_positive(numbers: tuple[float, ...]) -> bool:
    """Tell whether there are numbers, all above 0."""
    return len(numbers) > 0 and min(numbers) > 0


def read_data(value: Any) -> str | ImageSet:
    """Return the name of a data set as text; images in memory become an image set."""
    if isinstance(value, str | Path):
        return read_texts(value)[0]
    from benchmark.data.memory import argument  # Pillow and joblib, which text does not need

    return argument.read_images(value)


def read_recipe(value: Any) -> Recipe:
    """Return a recipe, given by name or as it is; TypeError for anything else."""
    if not isinstance(value, str | Recipe):
        raise TypeError(f"{value!r} is no recipe")
    return recipe_for(value)


def read_device(value: Any) -> str:
    """Return a device as text, as torch writes it."""
    return str(value)  # of a torch.device: cuda:0


def read_precision(value: Any) -> str:
    """Return a precision by its name here; torch has another."""
    return PRECISIONS.get(str(value), str(value))
