"""What is said about labels that were made wrong on purpose."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.data.imageset import ImageSet
from benchmark.data.label_noise.noise import FILE, LabelNoise
from benchmark.data.splits import Splits
from benchmark.system.text import first_names, pluralize

MOST_PAIRS = 20  # of classes that are named
MOSTLY_WRONG = 0.5  # share of right ones below which the labels of a class are reported


def noise_message(
    noise: LabelNoise,
    images: ImageSet,
    splits: Mapping[int, Splits],
    given: Mapping[int, NDArray[np.int64]],
    toward: NDArray[np.int64] | None,
) -> str:
    """Return how many labels are wrong, which, and what is right; `given` are (N,) by seed."""
    seeds = sorted(splits)
    right = images.labels
    sentences = [
        _count_sentence("training", seeds, [splits[s].train for s in seeds], right, given, noise)
    ]
    if noise.in_validation:
        sentences += [
            _count_sentence("validation", seeds, [splits[s].val for s in seeds], right, given),
            "Test labels are those of the data.",
        ]
    else:
        sentences.append("Validation and test labels are those of the data.")
    if toward is not None:
        pairs = [f"{images.classes[c]} → {images.classes[t]}" for c, t in enumerate(toward)]
        sentences.append(
            "A wrong label is that of the class which looks most similar by colours and structure: "
            f"{first_names(pairs, MOST_PAIRS)}."
        )
    train = splits[seeds[0]].train
    sentences.append(_hit_most(seeds[0], right[train], given[seeds[0]][train], images.classes))
    return " ".join(filter(None, sentences))


def _count_sentence(
    what: str,
    seeds: Sequence[int],
    indices: Sequence[NDArray[np.int64]],
    right: NDArray[np.int64],
    given: Mapping[int, NDArray[np.int64]],
    noise: LabelNoise | None = None,
) -> str:
    """Return "Label noise: 312 of 1,734 training labels of seed 0 are wrong, on purpose (18 %)"."""
    totals = [len(i) for i in indices]
    wrong = [int((given[s][i] != right[i]).sum()) for s, i in zip(seeds, indices, strict=True)]
    share = f"{100 * sum(wrong) / max(sum(totals), 1):.3g} %"
    of_seeds = f"seed {seeds[0]}" if len(seeds) == 1 else f"each of {len(seeds)} seeds"
    counts = f"{_span(wrong)} of {_span(totals)} {what} labels of {of_seeds}"
    if noise is None:
        return f"So are {counts} ({share})."
    how = f"by {noise.file}" if noise.kind == FILE else noise.kind
    verb = "is" if wrong == [1] else "are"
    return f"Label noise: {counts} {verb} wrong, on purpose ({share}, {how})."


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _hit_most(
    seed: int, right: NDArray[np.int64], given: NDArray[np.int64], classes: Sequence[str]
) -> str:
    """Return for how many classes most labels are wrong; '' for none.

    Labels that leave a common class bury the few right ones of a rare class.
    """
    labelled = np.bincount(given, minlength=len(classes))
    own = np.bincount(given[given == right], minlength=len(classes))
    share = own / np.maximum(labelled, 1)
    buried = np.flatnonzero((share < MOSTLY_WRONG) & (labelled > 0))
    if not len(buried):
        return ""
    worst = buried[np.argmin(share[buried])]
    return (
        f"For {pluralize(len(buried), 'class', 'classes')}, most of the training images labelled "
        f"so are of others: of the {labelled[worst]:,} that seed {seed} has as {classes[worst]}, "
        f"{own[worst]:,} {'is one' if own[worst] == 1 else 'are'}."
    )
