"""The tables of a run by the names of their CSV files, and the section that lists them."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.findings import logit_shift
from benchmark.analysis.run_records import PREDICTIONS
from benchmark.evaluation.metrics.calibration import pooled_reliability
from benchmark.execution.run_folder import RunFolder
from benchmark.report import left_out
from benchmark.report.gallery.links import class_links
from benchmark.report.render.blocks import Block, Definitions, Link, Paragraph
from benchmark.report.render.csv_writer import FORMULA_NOTE, FrameParts
from benchmark.report.single.class_groups import MOST_SHOWN
from benchmark.report.single.costs import costs_frame
from benchmark.report.single.search import trials_frame

CONFUSION = ["strategy", "label", "predicted", "images"]
ROWS = {  # of each file: one row …
    "tuning.csv": "a strategy, seed and trial: parameters and their score",
    "summary.csv": "a strategy, and the null row: the first table, mean over seeds",
    "seeds.csv": "a strategy and seed, with all metrics",
    "per_class.csv": "a strategy, seed and class: recall, precision, F1, AUROC and others",
    "recalls.csv": "a strategy and class: recall over all seeds, with its interval",
    "intervals.csv": "a strategy and metric: value and 95 % interval",
    "paired.csv": "a strategy and metric: difference from the baseline, with interval and tests",
    "class_changes.csv": "a strategy and class: recall minus the baseline's",
    "costs.csv": "a strategy and table of costs: mean cost of a test image, with its interval",
    "posthoc.csv": "a strategy, seed and decision that needs no training",
    "audit.csv": "a strategy, seed and check: what was expected and what was observed",
    "training_effects.csv": "a strategy, seed and class: images drawn, gradient, logits",
    "diagnoses.csv": "a strategy, seed and ignored class: cause and signals",
    "wrong_labels.csv": "a strategy and seed: what it predicts of images with a wrong label",
    "selected_images.csv": "a strategy that leaves out images, and seed: how many",
    "predictions.csv": "a strategy, seed and image of validation and test",
    "curves.csv": "a strategy, seed and validation during training",
    "confusion.csv": "a strategy and pair of classes, test images of all seeds; of more than "
    f"{MOST_SHOWN} classes pairs without images are left out",
    "reliability.csv": "a strategy, group of predicted classes and confidence bin, over all seeds",
    "coverage.csv": "a strategy, seed, target and group of classes: what abstention keeps, errors",
    "more_images.csv": "a seed, class and number of its training images: recall and macro-F1",
    "class_images.csv": "a class: its images in each split of the first seed",
    "left_out.csv": "a file of the data that is no image of the run, and why",
}


def files_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the names and contents of the CSV files, and where the pictures are."""
    has_trials = not trials_frame(comparison).empty
    absent = {
        "tuning.csv": not has_trials,
        "left_out.csv": not comparison.manifest.data.left_out,
        "wrong_labels.csv": comparison.findings.wrong_labels.empty,
        "selected_images.csv": comparison.findings.left_out.empty,
        "more_images.csv": comparison.more_images.empty,
        "costs.csv": not comparison.findings.costs,
    }
    names = (name for name in ROWS if not absent.get(name))
    yield Definitions(tuple((name, f"One row {ROWS[name]}.") for name in names))
    yield Paragraph(FORMULA_NOTE)
    if class_links(comparison) is not None:
        page = RunFolder(comparison.folder).gallery_file.name
        yield Link(f"{page}: images of the data, with what is predicted of them", page)


def frames_of(comparison: Comparison) -> dict[str, pd.DataFrame | FrameParts]:
    """Return the tables of a run by the names of their files, the largest in parts.

    There is tuning.csv after a search, left_out.csv where files were left out, wrong_labels.csv
    where labels were made wrong, costs.csv where a decision has costs, and selected_images.csv
    where a strategy leaves out training images.

    The null row is at the end of each table of strategies, where differences are those from the
    strategy that it repeats.
    """
    frames, parts = _own_frames(comparison), _parts_of(comparison)
    costs = {"costs.csv": costs_frame(comparison)} if comparison.findings.costs else {}
    if comparison.null_row is None:
        return frames | costs | parts
    of_null_row = _own_frames(comparison.null_row)

    def frame_of(run: Comparison, name: str) -> pd.DataFrame:
        frame = frames[name]  # the null row has no part in what only other strategies do
        return frame if run is comparison else of_null_row.get(name, frame.iloc[:0])

    return (
        costs
        | parts
        | {
            name: comparison.with_null(partial(frame_of, name=name))
            if "strategy" in frame
            else frame
            for name, frame in frames.items()
        }
    )


def _own_frames(comparison: Comparison) -> dict[str, pd.DataFrame]:
    findings, trials = comparison.findings, trials_frame(comparison)
    frames = {} if trials.empty else {"tuning.csv": trials}
    if reasons := comparison.manifest.data.left_out:
        frames[left_out.CSV] = left_out.frame_of(reasons)
    if not findings.wrong_labels.empty:
        frames["wrong_labels.csv"] = findings.wrong_labels
    if not findings.left_out.empty:
        frames["selected_images.csv"] = findings.left_out
    if not comparison.more_images.empty:
        frames["more_images.csv"] = comparison.more_images
    return frames | {
        "summary.csv": comparison.summary,
        "seeds.csv": comparison.seed_rows,
        "per_class.csv": comparison.per_class,
        "recalls.csv": comparison.class_recalls,
        "intervals.csv": comparison.intervals,
        "paired.csv": comparison.paired,
        "class_changes.csv": comparison.class_changes,
        "posthoc.csv": findings.posthoc_scores,
        "audit.csv": findings.checks,
        "training_effects.csv": logit_shift(findings.training_effects, comparison.baseline),
        "diagnoses.csv": findings.diagnoses,
        "curves.csv": comparison.curves,
        "reliability.csv": _reliability(comparison),
        "coverage.csv": findings.coverage,
        "class_images.csv": _class_images(comparison),
    }


def _parts_of(comparison: Comparison) -> dict[str, FrameParts]:
    """Return the tables that may have millions of rows, the null row at the end."""
    null = comparison.null_row

    def predictions() -> Iterator[pd.DataFrame]:
        of_null = null.predicted_images if null else []
        own = [each for each in of_null if each.strategy == comparison.null]
        images = [*comparison.predicted_images, *own]
        yield from (each.frame() for each in images)
        if not images:
            yield pd.DataFrame(columns=PREDICTIONS)

    def confusion() -> Iterator[pd.DataFrame]:
        of_null = null.confusion if null else {}
        matrices = dict(comparison.confusion)
        matrices |= {name: own for name, own in of_null.items() if name == comparison.null}
        yield from (_confusion(name, own, comparison.classes) for name, own in matrices.items())
        if not matrices:
            yield pd.DataFrame(columns=CONFUSION)

    return {"predictions.csv": FrameParts(predictions), "confusion.csv": FrameParts(confusion)}


def _confusion(strategy: str, matrix: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """Return CONFUSION of one strategy; of many classes a million pairs, so those with images."""
    names = np.array(classes, dtype=object)
    label, predicted = np.nonzero(matrix if len(classes) > MOST_SHOWN else np.ones_like(matrix))
    columns = (strategy, names[label], names[predicted], matrix[label, predicted])
    return pd.DataFrame(dict(zip(CONFUSION, columns, strict=True)))


def _reliability(comparison: Comparison) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    numbers = ("images", "confidence", "accuracy")
    for strategy, seeds in comparison.findings.reliability.items():
        pooled = pooled_reliability(seeds)
        for group in ("all", "rare", "other"):
            points = zip(*(pooled[f"{group}_{name}"] for name in numbers), strict=True)
            rows += [
                (strategy, group, index, int(images), confidence, accuracy)
                for index, (images, confidence, accuracy) in enumerate(points)
                if images
            ]
    return pd.DataFrame(rows, columns=["strategy", "predicted_group", "bin", *numbers])


def _class_images(comparison: Comparison) -> pd.DataFrame:
    data = comparison.manifest.data
    table = pd.DataFrame({"class": data.classes, **data.counts})
    return table.set_index("class").reindex(comparison.classes).reset_index()
