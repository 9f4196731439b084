"""How many images of a split look the same as one in another split, and what is said about it."""

from collections.abc import Iterable, Sequence

import numpy as np

from benchmark.data.duplicates.look_alikes import LookAlikes
from benchmark.data.imageset import SPLITS
from benchmark.data.splits import Splits
from benchmark.system.text import pluralize


def count_leaks(sets: np.ndarray, splits: Splits, labels: np.ndarray) -> tuple[int, int]:
    """Count validation and test images that look the same as one in another split.

    The second count are those of which such an image has another class. `sets` are those of
    `LookAlikes`, (N,), `labels` is (N,).
    """
    leaks = conflicts = 0
    for name in SPLITS[1:]:
        mine = getattr(splits, name)
        others = np.concatenate([getattr(splits, other) for other in SPLITS if other != name])
        # the least and the greatest class of the others in each set; -1: none of them is in it
        low = np.full(int(sets.max()) + 1, len(labels) + labels.max())
        high = np.full(len(low), -1)
        np.minimum.at(low, sets[others], labels[others])
        np.maximum.at(high, sets[others], labels[others])
        is_leak = high[sets[mine]] >= 0
        differs = (low[sets[mine]] != labels[mine]) | (high[sets[mine]] != labels[mine])
        leaks += int(is_leak.sum())
        conflicts += int((is_leak & differs).sum())
    return leaks, conflicts


def look_alike_messages(
    look_alikes: LookAlikes, splits: Iterable[Splits], labels: np.ndarray, kept_together: bool
) -> list[str]:
    """Say how many images have look-alikes in another split of any seed, and what can be done."""
    splits = list(splits)
    messages = _not_judged_messages(look_alikes, splits, kept_together)
    pairs = look_alikes.pairs
    if not len(pairs):
        return messages
    if kept_together:
        counted = pluralize(len(np.unique(pairs)), "image looks", "images look")
        return [*messages, f"{counted} the same as another one: kept in the same split."]
    counts = [count_leaks(look_alikes.sets, split, labels) for split in splits]
    leaks, conflicts = max(counts, default=(0, 0))
    if leaks:
        where = " in the split of a seed" if len(set(counts)) > 1 else ""
        most = "up to " if where else ""
        subject = pluralize(
            leaks, "validation or test image looks", "validation or test images look"
        )
        classes = f", {conflicts:,} of them as one of another class" if conflicts else ""
        messages.append(
            f"{most.capitalize()}{subject} the same as an image in another split{where}{classes}: "
            "resized, re-encoded, or taken in the same moment. What was trained on is tested. The "
            "command `data` shows them; --keep-duplicates-together keeps them in one split."
        )
    return messages


def _not_judged_messages(
    look_alikes: LookAlikes, splits: Sequence[Splits], kept_together: bool
) -> list[str]:
    """Say of how many images copies may be in another split though none is counted."""
    messages = []
    treated = "kept in one split" if kept_together else "counted as copies"
    if number := len(look_alikes.too_alike):
        images = pluralize(number, "image looks", "images look")
        messages.append(
            f"{images} like many others{_evaluated(look_alikes.too_alike, splits)}, and can't be "
            "told from all of them: copies, or of one scene or object? Only the closest are "
            f"{treated}. If they are frames of a scene or several images of one object, name the "
            "scene or object in groups.csv, so that it stays in one split."
        )
    if number := len(look_alikes.flat_or_small):
        images = pluralize(number, "image is", "images are")
        messages.append(
            f"{images} too small, too dark or too flat to be compared reliably"
            f"{_evaluated(look_alikes.flat_or_small, splits)}: copies that are not byte-identical "
            f"may not be {treated}. The command `data` lists them."
        )
    return messages


def _evaluated(indices: np.ndarray, splits: Sequence[Splits]) -> str:
    """Say how many images are for validation or test, in the split with the most."""
    used = [np.isin(indices, np.concatenate([each.val, each.test])).sum() for each in splits]
    if not used:
        return ""
    most = "up to " if len(set(used)) > 1 else ""
    return f" ({most}{max(used):,} of them for validation or test)"
