"""Class names that are the same, or are to a person: `Rust` and `rust`, `2` and `02`."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmark.data.imageset import ImageSet
from benchmark.system.text import first_names, join_names, list_below

# Cyrillic and Greek letters that look like Latin ones
_LOOKS = str.maketrans(
    "АВЕКМНОРСТХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTXIJSaeopcyxijsABEZHIKMNOPTYXo"
)


def canonical_name(name: str) -> str:
    """Return what a person reads: two names with the same result are the same to a person.

    Case, Unicode form, letters that look the same, invisible characters, the kind and number of
    spaces, underscores and hyphens between words, and the way in which a number is written make no
    difference.

    >>> canonical_name("Leaf_Spot"), canonical_name("leaf \\u00a0spot"), canonical_name("A-")
    ('leaf spot', 'leaf spot', 'a-')
    >>> [canonical_name(name) for name in ("2", "02", "2.0", "2.50", "-2", "2_0", "stage 02")]
    ['2', '2', '2', '2.5', '-2', '2 0', 'stage 2']
    """
    text = unicodedata.normalize("NFKC", _look(name).casefold())
    text = "".join("-" if unicodedata.category(c) == "Pd" or c == "\u2212" else c for c in text)
    # a hyphen at an end, or before a number as in "below -5", is no separator
    text = re.sub(r"(?<=[^\W_])(?![\s_]+-\d)[\s_-]+(?=[^\W_])", " ", text).strip(" _\t\r\n")
    words = [_by_value(word) for word in text.split()]
    return " ".join(words)


def same_names(names: Sequence[str]) -> list[list[str]]:
    """Return the groups of two or more names that are the same to a person."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(canonical_name(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def with_codes(names: Sequence[str], codes: Sequence[int | str]) -> tuple[str, ...]:
    """Return names; those that occur twice, as ImageNet's crane, with their codes behind them.

    >>> with_codes(["crane", "cat", "crane"], [134, 281, 517])
    ('crane (134)', 'cat', 'crane (517)')
    """
    return tuple(
        f"{name} ({code})" if names.count(name) > 1 else name
        for name, code in zip(names, codes, strict=True)
    )


def merge_same_classes(images: ImageSet, merge: bool) -> ImageSet:
    """Name the classes that are the same to a person in a message, or make one class of each group.

    A merged class has the most frequent spelling; of equally frequent ones the shortest;
    of these the first by code point.

    Raises
    ------
    ValueError
        If fewer than two classes are left.
    """
    counts = dict(zip(images.classes, images.counts.tolist(), strict=True))
    groups = same_names(images.classes)
    if not groups:
        return images
    described = [_describe(group, counts) for group in groups]
    if not merge:
        message = (
            f"Classes whose names are the same to a person: {first_names(described)}. "
            "--merge-classes makes them one class each."
        )
        return replace(images, messages=(*images.messages, message))
    merged = {
        name: min(group, key=lambda name: (-counts[name], len(name), name))
        for group in groups
        for name in group
    }
    names = np.array([merged.get(name, name) for name in images.classes], dtype=object)
    classes, labels = np.unique(names[images.labels].astype(str), return_inverse=True)
    into = [
        f"{text} into {_show(merged[group[0]], _look_alike(group))}"
        for text, group in zip(described, groups, strict=True)
    ]
    message = f"Classes whose names are the same to a person were merged: {first_names(into)}."
    if len(classes) < 2:
        sentence = f"{images.spec}: a classifier needs at least two classes."
        raise ValueError(list_below(sentence, [*images.messages, message]))
    return replace(
        images,
        classes=tuple(classes.tolist()),
        labels=labels.astype(np.int64),
        messages=(*images.messages, message),
    )


def _describe(group: Sequence[str], counts: dict[str, int]) -> str:
    """Format the names of a group with their numbers of images."""
    escape = _look_alike(group)
    return join_names([f"{_show(name, escape)} ({counts[name]})" for name in group])


def _look_alike(group: Sequence[str]) -> bool:
    """Tell whether two names can't be told apart by their looks."""
    return len({re.sub(r"\s", " ", _look(name)) for name in group}) < len(group)


def _show(name: str, escape: bool) -> str:
    return ascii(name) if escape else repr(name)


def _look(name: str) -> str:
    """Return a name in one Unicode form and script, without invisible characters.

    These are zero-width ones, soft hyphens, byte order marks and variation selectors.
    """
    text = unicodedata.normalize("NFKC", name.translate(_LOOKS))
    return "".join(
        c for c in text if unicodedata.category(c) != "Cf" and not "\ufe00" <= c <= "\ufe0f"
    )


def _by_value(word: str) -> str:
    """Return a number as the shortest text of its value; any other word as it is."""
    match = re.fullmatch(r"([+-]?)0*(\d+)(?:\.(\d*?)0*)?", word)
    if match is None:
        return word
    sign, whole, fraction = match.groups()
    number = f"{whole}.{fraction}" if fraction else whole
    return number if number == "0" or sign != "-" else f"-{number}"
