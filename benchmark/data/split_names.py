"""The names that owners of data give to the training, validation and test split."""

import re
import unicodedata
from collections.abc import Iterable

_WORDS = {
    "train": "train training trn",
    "val": "val valid validation dev",
    "test": "test testing tst holdout",
    # test data beside a validation split, and validation data beside a test split
    "evaluation": "evaluation eval",
}
SPLIT_WORDS = {word: split for split, words in _WORDS.items() for word in words.split()}
# words that may stand beside that of a split: training_set, seg_train, images-test, stage1_train
_BESIDE_WORDS = """
set sets seg split splits data dataset images image imgs img photos photo pictures pics folder files
stage resized cropped processed raw full small original jpg jpeg png tif
"""
_BESIDE = frozenset(_BESIDE_WORDS.split())


def split_of(name: str) -> str | None:
    """Return 'train', 'val', 'test' or 'evaluation' if `name` is that of a split, else None.

    >>> [split_of(n) for n in ("Training_Set", "seg_test", "TestImages", "train2017", "trainset")]
    ['train', 'test', 'test', 'train', 'train']
    >>> [split_of(n) for n in ("valid", "evaluation", "cat", "train station")]
    ['val', 'evaluation', None, None]
    """
    split, others = _read(name)
    return None if others else split


def splits_of(names: Iterable[str]) -> dict[str, str]:
    """Return name -> split for the names that are those of splits, alone or side by side.

    Side by side, splits share their other words.

    >>> splits_of(["cars_train", "cars_test", "docs"])
    {'cars_train': 'train', 'cars_test': 'test'}
    >>> splits_of(["train station", "bus station", "valid"])
    {'valid': 'val'}
    """
    readings = {name: _read(name) for name in names}
    splits_by_others: dict[tuple[str, ...], set[str]] = {}
    for split, others in readings.values():
        if split:
            splits_by_others.setdefault(others, set()).add(split)
    return {
        name: split
        for name, (split, others) in readings.items()
        if split and (not others or len(splits_by_others[others]) > 1)
    }


def _read(name: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the split that a name has a word for, and its other words; None if it has several."""
    plain = unicodedata.normalize("NFKC", name)
    words = [word.lower() for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+", plain)]
    words = [word.removesuffix("set") if len(word) > 3 else word for word in words]
    named = [word for word in words if word not in _BESIDE and len(word) > 1]
    splits = [word for word in named if word in SPLIT_WORDS]
    if len(splits) != 1:
        return None, ()
    return SPLIT_WORDS[splits[0]], tuple(word for word in named if word != splits[0])
