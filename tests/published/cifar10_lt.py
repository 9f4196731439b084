"""Reproduce published errors on CIFAR-10-LT, ratio 100, ResNet-32: one call on a GPU machine.

    python -m tests.published.cifar10_lt --images FOLDER

FOLDER holds train/<class>/ and test/<class>/ (12,406 and 10,000 images). Prints the error of each
method beside the published one, and ends with exit code 1 if one is off by more than 2 points or
two that are more than 2 points apart are in another order.
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
from benchmark.system.progress import Timer, terminal_progress
from tests.published.cifar import recipe

# top-1 error %: Cui et al. 2019, table 2; Zhang et al. 2021 ('bag of tricks'); Cao et al. 2019,
# table 2; and Menon et al. 2021 for prior correction
PUBLISHED = {
    "no_change": 29.64,
    "focal_loss:gamma=1.0": 29.62,
    "class_balanced_focal:beta=0.9999": 25.43,
    "deferred_resampling": 24.93,
    "ldam_drw": 22.97,
    "crt": 25.01,
    "balanced_softmax": 22.46,
    "prior_correction": 22.7,
}
TOLERANCE = 2.0  # points
VALIDATION = 10  # images a class: nothing is chosen by them, the papers have none
HEAD_EPOCHS = 10  # in which cRT trains the last layer again


def manifest(images: Path, file: Path) -> Path:
    """Write down which image is trained on: all of train/; a few of test/ are the validation's."""
    with file.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(("path", "label", "split"))
        for side in ("train", "test"):
            for folder in sorted((images / side).iterdir()):
                for number, path in enumerate(sorted(folder.iterdir())):
                    aside = side == "test" and number < VALIDATION
                    rows.writerow((path.resolve(), folder.name, "val" if aside else side))
    return file


def run(chosen: argparse.Namespace, strategies: list[str], how: Recipe, name: str) -> Result:
    """Train them, or take from the folder what was trained before."""
    chosen.out.mkdir(parents=True, exist_ok=True)
    experiment = Experiment(
        data=str(manifest(chosen.images, chosen.out / "images.csv")),
        backbone="resnet32",
        weights="none",
        recipe=how,
        fine_tune="full",
        image_size=32,
        batch_size=how.batch_size,
        seeds=chosen.seeds,
        device=chosen.device,
    )
    timer = Timer(terminal_progress())
    options = RunOptions(strategies, out=chosen.out / name)
    executor = api.plan(experiment, options, timer)
    return api.execute(executor, options, timer, " ".join(sys.argv))


def errors(chosen: argparse.Namespace) -> dict[str, float]:
    """Return the test error of each method in %."""
    names = [name for name in PUBLISHED if name != "crt"]
    shared = run(chosen, names, recipe(chosen.epochs), "all")
    head = chosen.epochs * HEAD_EPOCHS / 200
    again = f"crt:final_fraction={head / (chosen.epochs + head):.6f}"
    longer = run(chosen, [again], recipe(chosen.epochs, head), "crt")
    accuracy = {
        row["strategy"].partition(":last")[0]: row["accuracy"]
        for result in (shared, longer)
        for row in result.summary.to_dict("records")
    }
    return {name: 100 * (1 - accuracy[name]) for name in PUBLISHED}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("results/cifar10_lt100"))
    parser.add_argument("--epochs", type=float, default=200, help="fewer to try it (default: 200)")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--device", default="auto")
    found = errors(parser.parse_args())
    print(f"{'error %':36}{'here':>8}{'published':>11}{'apart':>8}")
    for name, published in PUBLISHED.items():
        print(f"{name:36}{found[name]:8.2f}{published:11.2f}{found[name] - published:+8.2f}")
    off = [name for name in PUBLISHED if abs(found[name] - PUBLISHED[name]) > TOLERANCE]
    turned = [
        (one, two)
        for one, two in itertools.permutations(PUBLISHED, 2)
        if PUBLISHED[one] + TOLERANCE < PUBLISHED[two] and found[one] >= found[two]
    ]
    print(f"more than {TOLERANCE:g} points apart: {', '.join(off) or 'none'}")
    print(f"in another order: {', '.join(map(' and '.join, turned)) or 'none'}")
    return 1 if off or turned else 0


if __name__ == "__main__":
    sys.exit(main())
