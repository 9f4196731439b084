"""The names that owners of data give to the training, validation and test split."""

import re

_WORDS = {
    "train": "train training trn",
    "val": "val valid validation dev",
    "test": "test testing tst holdout",
    # test data beside a validation split, and validation data beside a test split
    "evaluation": "evaluation eval",
}
_SPLITS = {word: split for split, words in _WORDS.items() for word in words.split()}
# words that may stand beside that of a split: training_set, seg_train, images-test, train2017
_BESIDE = {"set", "sets", "seg", "split", "data", "images", "image", "imgs", "img", "photos"}


def split_of(name: str) -> str | None:
    """Return 'train', 'val', 'test' or 'evaluation' if `name` is that of a split, else None.

    >>> [split_of(n) for n in ("Training_Set", "seg_test", "TestImages", "train2017", "trainset")]
    ['train', 'test', 'test', 'train', 'train']
    >>> [split_of(n) for n in ("valid", "evaluation", "cat", "train station")]
    ['val', 'evaluation', None, None]
    """
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)]
    words = [word.removesuffix("set") if len(word) > 3 else word for word in words]
    named = [word for word in words if word not in _BESIDE]
    return _SPLITS.get(named[0]) if len(named) == 1 else None
