"""Training, validation and test splits: stratified; groups and identical files stay together.

A class of n images gets max(1, n x fraction rounded) validation and test images and trains on the
rest. Images that share a group or a digest form a unit, which is never divided. Units are assigned
in turn, those with the largest share of a class first, to the split where the chi-square distance
to those counts grows least. Then units are moved while that reduces the distance. A class of three
or more units is in every split if moving single units can bring it there. Of two units, one is for
training and one for test; a class of one unit is only trained on.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.data.connected_images import number_units
from benchmark.data.content_digests import number_contents
from benchmark.data.group_assignment import TEST, TRAIN, UNASSIGNED, VAL, assign_groups
from benchmark.data.imageset import FRACTIONS, SPLITS
from benchmark.data.read_only import SharedArrays
from benchmark.system.text import first_names, join_names, pluralize

CONTENT = "file content"  # what is in two splits, in an error
TOLERANCE = 0.03  # a fraction that is further from the wanted one is reported


class LeakError(ValueError):
    """The same image, group or file content is in two splits."""


@dataclass(frozen=True, eq=False)
class Splits(SharedArrays):
    """The images of each split, as sorted int64 indices."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    messages: tuple[str, ...] = ()  # notes for the user
    given: tuple[str, ...] = ()  # the splits that came with the data: 'train', 'val', 'test'

    def title(self, seed: int) -> str:
        """Say who made which split, e.g. over a table of images by split."""
        if not self.given:
            return f"Default split, seed {seed}"
        made = [split for split in SPLITS[1:] if split not in self.given]
        if not made:
            return "Split given with the data"
        rest = "train" if "train" in self.given else "the rest"
        return (
            f"{join_names(self.given).capitalize()} given with the data; {join_names(made)} taken "
            f"from {rest}, seed {seed}"
        )


def make_splits(
    labels: np.ndarray,
    classes: Sequence[str],
    seed: int,
    *,
    groups: np.ndarray | None = None,
    digests: Sequence[str] | np.ndarray | None = None,
    look_alikes: np.ndarray | None = None,
    given: np.ndarray | None = None,
    usable: np.ndarray | None = None,
    fractions: tuple[float, float, float] = FRACTIONS,
) -> Splits:
    """Divide N images into three splits, the same way for the same arguments.

    Parameters
    ----------
    labels, classes
        Class of each image, (N,) int; names of the classes, (C,), for messages.
    groups, digests, look_alikes
        (N,) int; (N,) digests, '' if not known, or `number_contents` of them; (N,) int.
    given
        (N,) 'train', 'val', 'test' or '', from the owner of the data. '' counts as train. A split
        that the owner left out is taken from train, at its fraction.
    usable
        (N,) bool, False for images to leave out of all splits.
    fractions
        Of train, val and test; positive, with sum 1.

    Raises
    ------
    ValueError
        If a fraction is out of range, or a class has no image for training.
    """
    if min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"Split fractions must be positive with sum 1, not {fractions}.")
    labels = np.asarray(labels, dtype=np.int64)
    keep = np.ones(len(labels), dtype=bool) if usable is None else np.asarray(usable, dtype=bool)
    contents = None if digests is None else number_contents(digests)
    messages = [*_unreadable_messages(keep), *_duplicate_messages(labels, contents, keep)]
    units = number_units(len(labels), groups, contents, look_alikes)
    split_of = np.full(len(labels), UNASSIGNED, dtype=np.int64)
    split_of[keep] = TRAIN
    given_names: set[str] = set() if given is None else set(given[keep].tolist()) - {""}
    if given is not None and given_names:
        split_of[keep] = np.select([given[keep] == s for s in SPLITS], [TRAIN, VAL, TEST], TRAIN)
        messages += _drop_leaks(split_of, units, look_alikes is not None)
    missing = [split for split in (VAL, TEST) if not np.any(split_of == split)]
    if missing:
        wanted = [fractions[s] if s == TRAIN or s in missing else 0.0 for s in (TRAIN, VAL, TEST)]
        shares = tuple(fraction / sum(wanted) for fraction in wanted)
        train = split_of == TRAIN
        split_of[train] = assign_groups(labels[train], units[train], len(classes), shares, seed)
    given_splits = tuple(s for i, s in enumerate(SPLITS) if s in given_names and i not in missing)
    messages += _missing_messages(missing if given_names else [])
    _require_training_images(labels, classes, split_of)
    messages += _absence_messages(labels, classes, split_of, units, given_splits)
    if groups is not None and missing == [VAL, TEST]:
        messages += _fraction_messages(labels, classes, split_of, fractions)
    train, val, test = (np.flatnonzero(split_of == split) for split in (TRAIN, VAL, TEST))
    return Splits(train, val, test, tuple(messages), given_splits)


def check_splits(
    splits: Splits,
    *,
    groups: np.ndarray | None = None,
    digests: Sequence[str] | np.ndarray | None = None,
    look_alikes: np.ndarray | None = None,
) -> None:
    """Raise LeakError if an image, group, content or look is in two splits, or an image twice."""
    indices = (splits.train, splits.val, splits.test)
    images = np.concatenate(indices)
    split_of = np.repeat([TRAIN, VAL, TEST], [len(split) for split in indices])
    if len(np.unique(images)) < len(images):
        image = next(index for index, times in Counter(images.tolist()).items() if times > 1)
        raise LeakError(f"Image {image} is in the split twice.")
    contents = None if digests is None else number_contents(digests)
    keys: dict[str, Any] = {
        "group": groups,
        CONTENT: contents,
        "set of look-alike": look_alikes,
    }
    for kind, key in keys.items():
        if key is None:
            continue
        known = (key[images] >= 0) | (kind != CONTENT)
        values, number = np.unique(key[images][known], return_inverse=True)
        first, last = _extremes(split_of[known], number, len(values))
        if len(leaks := np.flatnonzero(first < last)):
            leak = leaks[0]
            value = values[leak]
            if kind == CONTENT and digests is not None:
                value = digests[int(np.argmax(key == value))]
            raise LeakError(
                f"{len(leaks)} {kind}s are in two splits, e.g. {kind} {value} "
                f"in {SPLITS[first[leak]]} and {SPLITS[last[leak]]}."
            )


def require_evaluation_images(splits: Splits, seed: int) -> None:
    """Raise ValueError if no image is left to validate or to test on."""
    for name in ("val", "test"):
        if not len(getattr(splits, name)):
            raise ValueError(
                f"No image is left for the {name} split of seed {seed}: classes need 3 images or "
                f"groups, or a given split needs images in {name}"
            )


def _extremes(values: np.ndarray, groups: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest of the values (N,) in each of `n` groups, 2 x (n,)."""
    low, high = np.full(n, values.max(initial=0)), np.full(n, values.min(initial=0))
    np.minimum.at(low, groups, values)
    np.maximum.at(high, groups, values)
    return low, high


def _drop_leaks(split_of: np.ndarray, units: np.ndarray, by_look: bool) -> list[str]:
    """Leave out train, then val images that share a unit with val or test images; in place."""
    _, last = _extremes(split_of, units, int(units.max()) + 1)
    leaks = (split_of != UNASSIGNED) & (split_of < last[units])
    counts = {SPLITS[s]: int((leaks & (split_of == s)).sum()) for s in (TRAIN, VAL)}
    split_of[leaks] = UNASSIGNED
    counted = join_names([f"{count:,} {name}" for name, count in counts.items() if count])
    if not counted:
        return []
    share = "image shares its" if sum(counts.values()) == 1 else "images share their"
    what = "group, content or look" if by_look else "group or content"
    return [
        f"The given split leaks: {counted} {share} {what} with images in another split: left out."
    ]


def _unreadable_messages(keep: np.ndarray) -> list[str]:
    left_out = pluralize(int((~keep).sum()), "unreadable image is", "unreadable images are")
    return [] if keep.all() else [f"{left_out} left out."]


def _missing_messages(missing: Sequence[int]) -> list[str]:
    names = join_names([SPLITS[split] for split in missing])
    sentence = f"The data come without usable {names} images: taken from the training part."
    return [sentence] if missing else []


def _require_training_images(
    labels: np.ndarray, classes: Sequence[str], split_of: np.ndarray
) -> None:
    counts = np.bincount(labels[split_of == TRAIN], minlength=len(classes))
    if lacking := [classes[c] for c in np.flatnonzero(counts == 0).tolist()]:
        raise ValueError(
            f"No image to train on for {len(lacking)} of {len(classes)} classes: "
            f"{first_names(lacking)}. Every class needs a readable training image: add some, "
            "move them to the training part of the given split, or remove these classes."
        )


def _duplicate_messages(
    labels: np.ndarray, contents: np.ndarray | None, keep: np.ndarray
) -> list[str]:
    """Report byte-identical images, and how many of them have different labels."""
    if contents is None:
        return []
    known = keep & (contents >= 0)
    values, number = np.unique(contents[known], return_inverse=True)
    if len(values) == known.sum():
        return []
    low, high = _extremes(labels[known], number, len(values))
    duplicates = pluralize(int(known.sum()) - len(values), "image is a", "images are")
    copies = "copy of another" if duplicates.endswith(" a") else "copies of others"
    messages = [f"{duplicates} byte-identical {copies}: kept in the same split."]
    if contradictions := int((low < high).sum()):
        counted = pluralize(contradictions, "content appears", "contents appear")
        messages.append(
            f"{counted} under more than one class: byte-identical images with different labels."
        )
    return messages


def _absence_messages(
    labels: np.ndarray,
    classes: Sequence[str],
    split_of: np.ndarray,
    units: np.ndarray,
    given: Sequence[str],
) -> list[str]:
    """Name the classes that a split lacks, with the number of their independent units."""
    messages = []
    for split in (VAL, TEST):
        present = np.bincount(labels[split_of == split], minlength=len(classes)) > 0
        if absent := np.flatnonzero(~present).tolist():
            used = [units[(labels == c) & (split_of != UNASSIGNED)] for c in absent]
            counts = [len(np.unique(unit)) for unit in used]
            names = [f"{classes[c]} ({n})" for c, n in zip(absent, counts, strict=True)]
            number = pluralize(len(absent), "class", "classes")
            why = "a class needs three to be in every split"
            if SPLITS[split] in given:
                why = f"the {SPLITS[split]} split came with the data"
            messages.append(
                f"No {SPLITS[split]} image of {number}: {first_names(names)}. The brackets hold "
                f"the number of independent images or groups; {why}."
            )
    return messages


def _fraction_messages(
    labels: np.ndarray, classes: Sequence[str], split_of: np.ndarray, fractions: Sequence[float]
) -> list[str]:
    """Report where groups, kept whole, push the fractions away from the wanted ones."""
    counts = np.stack(
        [np.bincount(labels[split_of == s], minlength=len(classes)) for s in (TRAIN, VAL, TEST)]
    )  # (3, C)
    wanted = _percent(fractions)
    messages = []
    total = counts.sum(axis=1) / counts.sum()
    if np.abs(total - fractions).max() > TOLERANCE:
        actual = f"{_percent(total)} % of the images, not {wanted} %"
        messages.append(f"Groups are kept whole: the splits have {actual}.")
    sizes = counts.sum(axis=0)
    gaps = np.abs(counts - np.outer(fractions, sizes)).max(axis=0)
    far = np.flatnonzero((gaps > TOLERANCE * sizes) & (gaps > 1))
    if len(far):
        far = far[np.argsort(-(gaps / sizes)[far], kind="stable")]
        names = [f"{classes[c]} {_percent(counts[:, c] / sizes[c])}" for c in far.tolist()]
        messages.append(
            f"Groups are kept whole: not every class is split {wanted} %: {first_names(names)}."
        )
    return messages


def _percent(fractions: Sequence[float] | np.ndarray) -> str:
    return "/".join(f"{100 * fraction:.0f}" for fraction in fractions)
