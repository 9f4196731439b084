"""Labels, names of classes, groups and splits, as they are given in Python beside the images."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd

from benchmark.data.class_names import with_codes
from benchmark.data.memory.array_image import to_numpy
from benchmark.data.tables.groups_and_splits import group_ids, translate_splits, value_messages
from benchmark.data.tables.label_cells import label_messages
from benchmark.system.text import first_names, pluralize


def label_values(labels: Any) -> list[Any]:
    """Return the labels of all images, (N,), as whole numbers or texts, None if one is missing.

    Raises
    ------
    ValueError
        If they are no column of such values.
    """
    hint = "; of one-hot rows it is labels.argmax(1)"
    return [label_value(value) for value in _column(labels, "labels", hint)]


def label_value(value: Any) -> Any:
    """Return one label as a whole number or text, None if it is missing."""
    if getattr(value, "ndim", None) == 0 or getattr(value, "shape", None) == (1,):
        value = value.item()
    if _is_missing(value) or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    raise ValueError(f"the label {value!r} is neither a whole number nor text")


def groups_and_splits(
    groups: Any, split: Any, files: Sequence[str]
) -> tuple[np.ndarray | None, np.ndarray | None, list[str]]:
    """Return groups (N,) int64, splits (N,) str, each None if not given, and messages on them.

    Raises
    ------
    ValueError
        If one is no column of N values, or a split has another name.
    """
    group_names, names = _texts(groups, "groups", files), _texts(split, "split", files)
    messages = value_messages("group", group_names, files) if any(group_names) else []
    messages += value_messages("split", names, files) if any(names) else []
    ids = group_ids(group_names) if any(group_names) else None
    return ids, translate_splits("split", names) if any(names) else None, messages


def name_classes(
    values: list[Any], classes: Sequence[str] | Mapping[Any, Any] | None
) -> tuple[tuple[str, ...], list[int], list[str]]:
    """Return the names of the classes that have images, each image's code, and messages.

    Raises
    ------
    ValueError
        If a label is missing, labels are numbers and text, or a class or a label has no name in
        `classes`.
    """
    present = set(values)
    if None in present or "" in present or len(set(map(type, present))) > 1:
        lacking = [index for index, value in enumerate(values) if value in (None, "")]
        reason = f"image {lacking[0]} has none" if lacking else _different_types(present)
        raise ValueError(f"every image needs a label, all of one type; {reason}")
    ordered, messages = sorted(present), label_messages(list(map(str, values)))
    if classes is None:
        codes = {value: code for code, value in enumerate(ordered)}
        return tuple(map(str, ordered)), [codes[value] for value in values], messages
    # ImageNet's names are tuples of synonyms
    names = [str(n[0] if isinstance(n, tuple) and n else n) for n in _in_order(classes)]
    if unnamed := [i for i, name in enumerate(names) if not name.strip()]:
        raise ValueError(f"the class at position {unnamed[0]} has no name: each name is a text")
    keys: Iterable[Any] = range(len(names)) if isinstance(ordered[0], int) else names
    known = dict(zip(keys, names, strict=True))
    if unknown := [str(value) for value in ordered if value not in known]:
        raise ValueError(
            f"{pluralize(len(names), 'class is', 'classes are')} named, and the labels "
            f"{first_names(unknown, 3)} are none of them; label i is the class at position i"
        )
    kept = [value for value in known if value in present]
    without = [name for value, name in known.items() if value not in present]
    if without:
        number = pluralize(len(without), "class", "classes")
        messages.append(f"no image of {number}: {first_names(without)}.")
    codes = {value: code for code, value in enumerate(kept)}
    chosen = with_codes([known[value] for value in kept], kept)
    return chosen, [codes[value] for value in values], messages


def _different_types(values: Iterable[Any]) -> str:
    number = next(value for value in values if not isinstance(value, str))
    text = next(value for value in values if isinstance(value, str))
    if text in ("True", "False"):
        return f"some are numbers, as {number}, and some are {text}"
    return f"some are numbers, as {number}, some are text, as {text!r}"


def class_names(dataset: Any) -> Sequence[str] | Mapping[Any, Any] | None:
    """Return the names that a data set, its parts, or the whole of this part has for its classes.

    Raises
    ------
    ValueError
        If its parts have different names: the same label would be another class.
    """
    names = getattr(dataset, "classes", None)
    if names is not None:
        return names if isinstance(names, Mapping) else list(names)
    if hasattr(dataset, "datasets"):  # a ConcatDataset
        first, *others = map(class_names, dataset.datasets)
        if different := [other for other in others if other != first]:
            raise ValueError(
                f"the data sets that are joined name their classes {first} and {different[0]}: "
                "give each the same labels, and their names as image_set(data, classes=…)"
            )
        return first
    return class_names(dataset.dataset) if hasattr(dataset, "dataset") else None


def _in_order(classes: Any) -> list[Any]:
    """Return names by the labels 0, 1, …: of a list, of {0: name}, or of {name: 0}."""
    if isinstance(classes, Mapping):
        pairs = classes.items()
        by_label = dict(pairs) if 0 in classes else {label: name for name, label in pairs}
        if set(by_label) == set(range(len(classes))):
            return [by_label[label] for label in range(len(classes))]
    elif isinstance(classes, Iterable) and not isinstance(classes, str | bytes | Set):
        return list(classes)
    raise ValueError(
        f"classes of the type {type(classes).__name__} are not taken: a list of names is, that of "
        "label i at position i, or a dict from each of the labels 0, 1, … to its name"
    )


def _texts(values: Any, what: str, files: Sequence[str]) -> list[str]:
    """Return a value for each image as text, '' if it is missing: None, NaN or NA."""
    if values is None:
        return []
    texts = ["" if _is_missing(item) else str(item).strip() for item in _column(values, what)]
    if len(texts) != len(files):
        raise ValueError(f"{len(files)} images and {len(texts)} values of {what}; each has one")
    return texts


def _column(values: Any, what: str, hint: str = "") -> list[Any]:
    """Return the items of a list, an array, a tensor or a column of a table."""
    each = "one for each image"
    if isinstance(values, str | bytes | Mapping | Set) or not isinstance(values, Iterable):
        raise ValueError(
            f"{what} of the type {type(values).__name__} are not taken: a list with {each} is"
        )
    if not hasattr(values, "shape"):
        return list(values)
    array = to_numpy(values)
    if array.ndim == 2 and array.shape[1] == 1:  # as Keras has them
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"{what} of the shape {array.shape} are not taken: {each} is, (N,){hint}")
    return list(array.tolist())


def _is_missing(value: Any) -> bool:
    return pd.isna(value) is True  # of several values it is an array
