"""Which labels of a data set are likely errors, by linear classifiers on features of its images.

Each image is judged by a classifier that has not seen it: the images are parted into folds, and one
for each fold learns from the others. Nothing else is trained, so that it takes seconds once the
pretrained network has seen the images.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.duplicates.copies import Copy, list_copies
from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.store import Pixels
from benchmark.execution.prepare import PreparedExperiment
from benchmark.strategy.label_issues import find_label_issues, out_of_fold_probabilities
from benchmark.system.progress import Progress
from benchmark.train.frozen_features import FORWARD_PASSES

Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabelAudit:
    """What is known of the labels of N images of C classes, of which M can be read."""

    images: ImageSet
    pixels: Pixels
    readable: Labels  # (M,) indices of these
    judged: NDArray[np.bool_]  # (M,) False where no other fold has an image of the class
    suspect: NDArray[np.bool_]  # (M,) whether the label is likely wrong; False where not judged
    quality: NDArray[np.float64]  # (M,) from 0, surely wrong, to 1, or NaN; `find_label_issues`
    suggested: Labels  # (M,) the class that fits best, an index into the classes
    conflicts: tuple[Copy, ...]  # images that look the same and have different labels
    network: str  # whose features were seen: the backbone, the size of its images, its weights
    messages: tuple[str, ...] = ()  # what the user must know about images and weights
    in_memory: bool = False  # whether the images were given in Python: no command can name them
    read_by: Mapping[str, Any] = field(default_factory=dict)  # settings by which images were read

    @property
    def labels(self) -> Labels:
        """The labels of the images that can be read, (M,)."""
        return self.images.labels[self.readable]


def audit_labels(
    prepared: PreparedExperiment, progress: Progress, seed: int | None = None
) -> LabelAudit:
    """Judge the labels of all images that can be read, those of every split.

    With a `seed`, judge the labels that it is given, of which some may be wrong on purpose.

    Images of one group, with the same bytes or that look the same are in one fold: a copy would
    vouch for the label of the other.
    """
    images, pixels = prepared.images, prepared.pixels
    if seed is not None:
        images = replace(images, labels=prepared.labels(seed))
    readable = np.flatnonzero(pixels.readable)
    features = _features(prepared, readable, progress)
    labels, classes = images.labels[readable], prepared.classes
    with progress.task("labels", len(readable), "images") as advance:
        probabilities = out_of_fold_probabilities(
            features, labels, classes, groups=prepared.kept_together[readable]
        )
        issues = find_label_issues(labels, probabilities, np.bincount(labels, minlength=classes))
        advance(len(readable))
    copies = list_copies(pixels.infos, prepared.look_alikes)
    messages = (*images.messages, *pixels.messages, prepared.weights.message)
    return LabelAudit(
        images=images,
        pixels=pixels,
        readable=readable,
        judged=issues.judged,
        suspect=issues.suspect,
        quality=issues.quality,
        suggested=issues.suggested,
        network=_describe_network(prepared),
        conflicts=tuple(c for c in copies if images.labels[c.image] != images.labels[c.original]),
        messages=tuple(dict.fromkeys(filter(None, messages))),
    )


def _describe_network(prepared: PreparedExperiment) -> str:
    experiment = prepared.experiment
    size, weights = experiment.image_size, prepared.weights.name
    return f"{experiment.network.name} at {size} px, weights: {weights}"


def _features(
    prepared: PreparedExperiment, indices: Labels, progress: Progress
) -> NDArray[np.float32]:
    """Return features of the pretrained network, (M, F), from the stores or computed."""
    frozen = prepared.frozen_features
    for forward_pass in FORWARD_PASSES:  # the first fills all stores, where nothing is stored yet
        store = frozen.store(forward_pass)
        missing = len(store.missing(indices)) if store else 0
        with progress.task(forward_pass, missing, "images") as advance:
            frozen.fill(forward_pass, indices, advance)
    return frozen.pretrained_features(indices).numpy()
