"""Training images against test images: has a network learnt too little, or by heart?

A network's errors on test images are those that it makes on its training images too, and those that
come with new images. Where most are of the first kind it fits too little, where most are of the
second it overfits (Goodfellow, Bengio & Courville 2016, Deep Learning, section 5.2).
"""

from collections.abc import Iterator
from math import sqrt

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.training_fit import IMAGES_PER_CLASS
from benchmark.report.render.blocks import Block, Paragraph, Table, as_code, make_row
from benchmark.report.render.formats import add_sign, format_number, format_share
from benchmark.report.single.strategies import heading_cell, row_kind

FEWEST_ERRORS = 0.05  # of the test images; of fewer it matters little where they come from
Z = 1.96  # of a normal 95 % interval


def fit_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the scores on training images beside those on test images; nothing without any."""
    means = _means(comparison)
    if means["train_accuracy"].isna().all():
        return
    if sentence := fit_sentence(comparison):
        yield Paragraph(sentence)
    rows = []
    for strategy in comparison.finished_rows:
        row = dict(zip(means, map(float, means.loc[strategy]), strict=True))
        shares = [row["train_accuracy"], row["accuracy"]]
        gap = add_sign(format_share(row["train_accuracy"] - row["accuracy"]))
        cells = [*map(format_share, shares), gap, format_share(row["train_macro_f1"])]
        cells += [format_share(row["macro_f1"]), format_number(row["train_log_loss"])]
        title = heading_cell(comparison, strategy)
        rows.append(make_row(title, *cells, kind=row_kind(comparison, strategy)))
    over = ", mean over seeds" if len(comparison.seeds) > 1 else ""
    caption = (
        "Training images as they are, not augmented, with the labels that the training was given; "
        f"estimated from up to {IMAGES_PER_CLASS} of each class{over}. Train − test: the gap "
        "between the two accuracies. Log-loss: of the network's probabilities, before a decision "
        "that is fitted after training, unless it corrects them."
    )
    columns = (
        *("Strategy", "Accuracy, train", "Accuracy, test", "Train − test"),
        *("Macro-F1, train", "Macro-F1, test", "Log-loss, train"),
    )
    yield Table(caption, columns, tuple(rows), csv="seeds.csv")


def fit_sentence(comparison: Comparison) -> str:
    """Tell under- from over-fitting of the baseline; '' where its errors do not say.

    With e and t the shares of errors on test and training images, t is more than half of e where
    e − 2t is below 0. Its standard error counts the test images of one seed, and of the training
    images those that were looked at.
    """
    means, baseline = _means(comparison), comparison.baseline
    if baseline is None or baseline not in means.index or means.loc[baseline].isna().any():
        return ""
    test, train = (1 - float(means[name][baseline]) for name in ("accuracy", "train_accuracy"))
    errors = (
        f"{as_code(baseline)} is wrong on {format_share(train)} of the training images and on "
        f"{format_share(test)} of the test images"
    )
    if not comparison.findings.wrong_labels.empty:
        return (
            f"{errors}. Labels of training images are wrong on purpose, and a network that sees "
            "through them is wrong there: this does not tell under- from over-fitting."
        )
    if test < FEWEST_ERRORS:
        return ""
    difference, error = test - 2 * train, _standard_error(comparison, test, train)
    if abs(difference) <= Z * error:
        return ""
    if difference > 0:
        return f"{errors}: most of its errors come with new images (over-fitting)."
    return (
        f"{errors}: most of its errors are there on training images too (under-fitting, unless "
        "labels are wrong)."
    )


def _standard_error(comparison: Comparison, test: float, train: float) -> float:
    """Return the standard error of e − 2t, by the images that the two shares are counted on."""
    counts = np.array(comparison.train_counts, float)
    sampled = np.clip(counts, 1, IMAGES_PER_CLASS)
    # an image stands for as many as it was sampled from: Kish's effective sample size
    effective = counts.sum() ** 2 / (counts**2 / sampled).sum()
    tested = sum(comparison.test_counts) / len(comparison.seeds)
    return sqrt(test * (1 - test) / tested + 4 * train * (1 - train) / effective)


def _means(comparison: Comparison) -> pd.DataFrame:
    """Return the mean over seeds by strategy, and null row."""
    columns = ["train_accuracy", "accuracy", "train_macro_f1", "macro_f1", "train_log_loss"]
    return comparison.seed_means(lambda run: run.seed_rows, columns)
