"""Long-tailed profiles: images are removed until the classes have the wanted proportions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmark.data.imageset import SPLITS
from benchmark.data.splits import Splits
from benchmark.system.text import first_names

ALLOWED = (
    "'natural', 'exp:RATIO' or 'step:RATIO,FRACTION' with RATIO >= 1 and 0 < FRACTION < 1, "
    "e.g. exp:100 or step:10,0.5; with '@train' at the end for training alone, '@all' for test too"
)
# validation follows training: strategies that are fitted on it must not see more of a rare class
THINNED = {"": ("train", "val"), "train": ("train",), "all": SPLITS}


def check_imbalance(spec: str) -> None:
    """Raise ValueError if the profile `spec` is unknown: before any image is read."""
    _profile(spec, 2)


def apply_imbalance(
    spec: str, splits: Splits, labels: np.ndarray, classes: Sequence[str], seed: int
) -> Splits:
    """Make training and validation long-tailed, and say so in a message; 'natural' does nothing.

    - ``exp:RATIO``: class c of C keeps n_max x RATIO^(-c/(C-1)) images, rounded down (Cui et al.
      2019, CIFAR-LT);
    - ``step:RATIO,FRACTION``: the last FRACTION of the classes keep n_max / RATIO images (Buda et
      al. 2018), the others all of theirs;
    - ``...@train``: validation keeps its images; ``...@all``: test gets the profile, too.

    Each split gets the profile from its own n_max. Classes are ordered by size, largest first, ties
    by number: the order is the same for every seed, and a set that is already imbalanced keeps it.
    A class keeps at least one image where it had one, and never gets more than it has. The kept
    images depend on the seed, class and split only: those of a larger RATIO are among those of a
    smaller one. An unknown `spec` raises ValueError.

    Parameters
    ----------
    labels, classes
        Class of each image, (N,) int; names of the classes, (C,).
    """
    profile = _profile(spec, len(classes))
    if profile is None:
        return splits
    # the sum over training and all splits that were taken from it is the same for every seed
    ordered_by = [split for split in SPLITS if split == "train" or split not in splits.given]
    sizes = sum(_count(labels, getattr(splits, split), len(classes)) for split in ordered_by)
    order = np.argsort(-sizes, kind="stable")
    shares = np.empty(len(classes))
    shares[order] = profile
    where = spec.partition("@")[2]
    indices: dict[str, Any] = {}
    changes = []
    for split in THINNED[where]:
        before = _count(labels, getattr(splits, split), len(classes))
        # A hair is added so that a product that is whole stays so: 5000 * 0.01 is 50, not 49.
        counts = np.maximum(np.floor(before.max() * shares + 1e-6).astype(np.int64), 1)
        counts = np.minimum(counts, before)
        indices[split] = _draw(getattr(splits, split), labels, counts, [seed, SPLITS.index(split)])
        total, removed = int(before.sum()), int((before - counts).sum())
        change = f"{total} → {total - removed} images" if removed else f"{total} images, all kept"
        change += f", {counts.max()} to {counts.min()} a class"
        changes.append(f"{split} {change}")
    kept = {"": " Test keeps its images.", "train": " Validation and test keep their images."}
    rarest = first_names([classes[c] for c in order[::-1].tolist()], 3)
    message = (
        f"Made imbalanced ({spec}): {'; '.join(changes)}.{kept.get(where, '')} The same classes "
        f"are rare for every seed, the rarest first: {rarest}."
    )
    return replace(splits, **indices, messages=(*splits.messages, message))


def _count(labels: np.ndarray, indices: np.ndarray, n_classes: int) -> np.ndarray:
    return np.bincount(labels[indices], minlength=n_classes)


def _draw(indices: np.ndarray, labels: np.ndarray, counts: np.ndarray, key: list) -> np.ndarray:
    """Draw `counts[c]` of the images of each class c; return their sorted indices."""
    own = labels[indices]
    in_order = indices[np.argsort(own, kind="stable")]
    ends = np.cumsum(np.bincount(own, minlength=len(counts)))
    drawn = [
        np.random.default_rng([*key, c]).permutation(of_class)[: counts[c]]
        for c, of_class in enumerate(np.split(in_order, ends[:-1]))
    ]
    return np.sort(np.concatenate(drawn))


def _profile(spec: str, n_classes: int) -> np.ndarray | None:
    """Return the share of the largest class that each rank keeps, (C,); None for natural."""
    shape, at, where = spec.partition("@")
    kind, _, text = shape.partition(":")
    try:
        numbers = [float(part) for part in text.split(",")] if text else []
    except ValueError:
        numbers = [np.nan]
    if where in THINNED and bool(at) == bool(where):
        match kind, numbers:
            case "natural", [] if spec == "natural":
                return None
            case "exp", [ratio] if 1 <= ratio < np.inf:
                return ratio ** (-np.arange(n_classes) / max(n_classes - 1, 1))
            case "step", [ratio, fraction] if 1 <= ratio < np.inf and 0 < fraction < 1:
                cut = n_classes - round(fraction * n_classes)
                return np.where(np.arange(n_classes) < cut, 1.0, 1 / ratio)
    raise ValueError(f"The imbalance {spec!r} is not one of {ALLOWED}.")
