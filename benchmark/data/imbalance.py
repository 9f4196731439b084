"""Long-tailed profiles: images are removed until the classes have the wanted proportions."""

import numpy as np

from benchmark.data.imageset import SPLITS
from benchmark.data.splits import Splits

ALLOWED = (
    "'natural', 'exp:RATIO' or 'step:RATIO,FRACTION' with RATIO >= 1 and 0 < FRACTION < 1, "
    "e.g. exp:100 or step:10,0.5; with '@all' at the end for validation and test too"
)


def check_imbalance(spec: str) -> None:
    """Raise ValueError if the profile `spec` is unknown: before any image is read."""
    _profile(spec, 2)


def apply_imbalance(
    spec: str, splits: Splits, labels: np.ndarray, n_classes: int, seed: int
) -> tuple[Splits, str]:
    """Make the training part of `splits` long-tailed; return it and a message ('' for natural).

    - ``exp:RATIO``: class c of C keeps n_max x RATIO^(-c/(C-1)) images, rounded down (Cui et al.
      2019, CIFAR-LT);
    - ``step:RATIO,FRACTION``: the last FRACTION of the classes keep n_max / RATIO images (Buda et
      al. 2018), the others all of theirs;
    - ``...@all``: validation and test get the same profile, from their own n_max.

    Classes are ordered by training size, largest first, ties by number, so a set that is already
    imbalanced keeps its order. A class keeps at least one image where it had one, and never gets
    more than it has. The kept images depend on the seed, class and split only: those of a larger
    RATIO are among those of a smaller one. An unknown `spec` raises ValueError.
    """
    profile = _profile(spec, n_classes)
    if profile is None:
        return splits, ""
    order = np.argsort(-np.bincount(labels[splits.train], minlength=n_classes), kind="stable")
    shares = np.empty(n_classes)
    shares[order] = profile
    indices = {"train": splits.train, "val": splits.val, "test": splits.test}
    changes = []
    for number, split in enumerate(SPLITS if spec.endswith("@all") else SPLITS[:1]):
        before = np.bincount(labels[indices[split]], minlength=n_classes)
        # A hair is added so that a product that is whole stays so: 5000 * 0.01 is 50, not 49.
        counts = np.maximum(np.floor(before.max() * shares + 1e-6).astype(np.int64), 1)
        counts = np.minimum(counts, before)
        indices[split] = _draw(indices[split], labels, counts, [seed, number])
        change = f"{before.sum()} → {counts.sum()} images, {counts.max()} to {counts.min()} a class"
        changes.append(f"{split} {change}")
    message = f"Made imbalanced ({spec}): {'; '.join(changes)}."
    return Splits(**indices, messages=splits.messages, given=splits.given), message


def _draw(indices: np.ndarray, labels: np.ndarray, counts: np.ndarray, key: list) -> np.ndarray:
    """Draw `counts[c]` of the images of each class c; return their sorted indices."""
    drawn = [
        np.random.default_rng([*key, c]).permutation(indices[labels[indices] == c])[:count]
        for c, count in enumerate(counts)
    ]
    return np.sort(np.concatenate(drawn))


def _profile(spec: str, n_classes: int) -> np.ndarray | None:
    """Return the share of the largest class that each rank keeps, (C,); None for natural."""
    kind, _, text = spec.removesuffix("@all").partition(":")
    try:
        numbers = [float(part) for part in text.split(",")] if text else []
    except ValueError:
        numbers = [np.nan]
    match kind, numbers:
        case "natural", [] if spec == "natural":
            return None
        case "exp", [ratio] if 1 <= ratio < np.inf:
            return ratio ** (-np.arange(n_classes) / max(n_classes - 1, 1))
        case "step", [ratio, fraction] if 1 <= ratio < np.inf and 0 < fraction < 1:
            cut = n_classes - round(fraction * n_classes)
            return np.where(np.arange(n_classes) < cut, 1.0, 1 / ratio)
    raise ValueError(f"The imbalance {spec!r} is not one of {ALLOWED}.")
