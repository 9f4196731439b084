"""How well the probability of a class ranks its images above all others, class by class."""

from dataclasses import dataclass

import numpy as np

from benchmark.evaluation.metrics.class_counts import Floats, Labels


@dataclass(frozen=True)
class OneAgainstRest:
    """Numbers of each class, (C,); NaN for a class that has no image, or all images."""

    auroc: Floats
    average_precision: Floats


def one_against_rest(labels: Labels, scores: Floats) -> OneAgainstRest:
    """Rank the N images by their score of each class: those of the class against the rest.

    AUROC is how often an image of the class has a higher score than another image, ties counting
    one half (Hanley & McNeil 1982). Average precision is the mean, over the images of the class, of
    the precision among images with at least that score, ties together. They are scikit-learn's
    `roc_auc_score` and `average_precision_score`; one sort of each class gives both, where two
    calls a class would take minutes with a thousand classes.

    Parameters
    ----------
    labels
        (N,) classes.
    scores
        (N, C), higher is likelier: log-probabilities, in which no two near 1 are rounded together.
    """
    auroc, average_precision = (np.full(scores.shape[1], np.nan) for _ in range(2))
    for c in np.unique(labels):
        score, is_positive = scores[:, c], labels == c
        everyone, positives = np.sort(score), np.sort(score[is_positive])
        negatives = len(everyone) - len(positives)
        if not negatives:
            continue
        lower, not_higher = (
            np.searchsorted(everyone, positives, side) - np.searchsorted(positives, positives, side)
            for side in ("left", "right")
        )  # negatives, for each positive
        auroc[c] = (lower + not_higher).mean() / (2 * negatives)
        hits = len(positives) - np.searchsorted(positives, positives, "left")
        average_precision[c] = (hits / (hits + negatives - lower)).mean()
    return OneAgainstRest(auroc, average_precision)
