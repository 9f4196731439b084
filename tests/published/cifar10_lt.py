"""Reproduce published errors on CIFAR-10-LT, ratio 100, ResNet-32: one call on a GPU machine.

    python -m tests.published.cifar10_lt --images FOLDER

FOLDER holds train/<class>/ and test/<class>/ (12,406 and 10,000 images). Prints the error of each
method beside the published one. The exit code is 1 if an error differs by more than 2 points, or if
two methods whose published errors differ by more than 2 points are in another order.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
from pathlib import Path

from benchmark import api
from benchmark.plan.experiment import Experiment
from benchmark.plan.recipes import Recipe
from benchmark.plan.run_options import RunOptions
from benchmark.result import Result
from benchmark.system.display import terminal_progress
from benchmark.system.progress import Timer
from tests.published.cifar import make_recipe

# top-1 error %: Cui et al. 2019, table 2; Zhang et al. 2021 ('bag of tricks'); Cao et al. 2019,
# table 2; and Menon et al. 2021 for prior correction
PUBLISHED = {
    "no_change": 29.64,
    "focal_loss:gamma=1.0": 29.62,
    "class_balanced_focal:beta=0.9999": 25.43,
    "deferred_resampling": 24.93,
    "ldam_drw": 22.97,
    "crt:extra_epochs=10.0": 25.01,
    "balanced_softmax": 22.46,
    "prior_correction": 22.7,
}
TOLERANCE = 2.0  # points
VALIDATION = 10  # images a class; nothing is chosen by them, as the papers have none


def manifest(images: Path, file: Path) -> Path:
    """Write the split of each image: all of train/ trains, a few of test/ are for validation."""
    with file.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(("path", "label", "split"))
        for split in ("train", "test"):
            for folder in sorted((images / split).iterdir()):
                for number, path in enumerate(sorted(folder.iterdir())):
                    validates = split == "test" and number < VALIDATION
                    rows.writerow((path.resolve(), folder.name, "val" if validates else split))
    return file


def run(arguments: argparse.Namespace, strategies: list[str], recipe: Recipe) -> Result:
    """Train strategies by a recipe, or take from the folder what was trained before."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    experiment = Experiment(
        data=str(manifest(arguments.images, arguments.out / "images.csv")),
        backbone="resnet32",
        weights="none",
        recipe=recipe,
        fine_tune="full",
        image_size=32,
        batch_size=recipe.batch_size,
        seeds=arguments.seeds,
        device=arguments.device,
    )
    timer = Timer(terminal_progress())
    options = RunOptions(strategies, out=arguments.out / "run")
    executor = api.plan(experiment, options, timer)
    return api.execute(executor, options, timer, " ".join(sys.argv))


def errors(arguments: argparse.Namespace) -> dict[str, float]:
    """Return the test error of each method in %."""
    result = run(arguments, list(PUBLISHED), make_recipe(arguments.epochs))
    accuracy = result.summary.set_index("strategy")["accuracy"]
    return {name: 100 * (1 - accuracy[name]) for name in PUBLISHED}


def main() -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("results/cifar10_lt100"))
    parser.add_argument("--epochs", type=float, default=200, help="fewer to try it (default: 200)")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--device", default="auto")
    measured = errors(parser.parse_args())
    print(f"{'error %':36}{'here':>8}{'published':>11}{'gap':>8}")
    for name, published in PUBLISHED.items():
        print(f"{name:36}{measured[name]:8.2f}{published:11.2f}{measured[name] - published:+8.2f}")
    differing = [name for name in PUBLISHED if abs(measured[name] - PUBLISHED[name]) > TOLERANCE]
    reversed_pairs = [
        (better, worse)
        for better, worse in itertools.permutations(PUBLISHED, 2)
        if PUBLISHED[better] + TOLERANCE < PUBLISHED[worse] and measured[better] >= measured[worse]
    ]
    print(f"more than {TOLERANCE:g} points apart: {', '.join(differing) or 'none'}")
    print(f"in another order: {', '.join(map(' and '.join, reversed_pairs)) or 'none'}")
    return 1 if differing or reversed_pairs else 0


if __name__ == "__main__":
    sys.exit(main())
