"""Labels that look like something else: several in one cell, or a name for each image."""

from collections import Counter
from collections.abc import Sequence

from benchmark.system.text import first_names, pluralize

# a class may well be called 'A/B' or 'red oak'; of these, each part must be a label elsewhere
_JOINTS = ("|", ";", ",", "/", "+", "&", " and ", " ")
_LISTS = "|;"  # for lists and little else: it is enough that the parts recur
# what spreadsheets and pandas write for a missing value or an error; a class may be called so
_ABSENT_WORDS = """
nan na n/a #n/a <na> null none nil -- ? #ref! #value! #name? #null! #num! #div/0!
"""
ABSENT = frozenset(_ABSENT_WORDS.split())
_BRACKETS = " []{}()'\""


def label_messages(labels: Sequence[str]) -> list[str]:
    """Report labels, one per image, that make no sense as one class an image."""
    counts = Counter(labels)
    messages = []
    if len(counts) == len(labels) > 2:
        messages.append(
            f"each of {len(labels):,} images has a label of its own (e.g. {labels[0]!r}): is this "
            "the column of the labels? Nothing can be learned or tested so."
        )
    if absent := [label for label in counts if label.strip().lower() in ABSENT]:
        names = first_names([f"{label!r} ({counts[label]})" for label in absent])
        messages.append(
            f"labels that programs write where there is none are classes here: {names}. Remove "
            "these rows if they have no label."
        )
    for joint in _JOINTS:
        if combined := _combinations(counts, joint):
            images = sum(counts[label] for label in combined)
            examples = first_names([repr(label) for label in combined], 3)
            messages.append(
                f"{images:,} of {len(labels):,} images have a label that looks like several in one "
                f"cell, joined by {joint.strip() or 'a space'!r}: {examples}. Every combination is "
                f"a class of its own here: {len(combined)} of "
                f"{pluralize(len(counts), 'class', 'classes')}."
            )
            break
    return messages


def _combinations(labels: Counter[str], joint: str) -> list[str]:
    """Return the labels that are joined of other labels, the most frequent first."""
    parts = {
        label: [part.strip(_BRACKETS) for part in label.strip(_BRACKETS).split(joint)]
        for label in labels
    }
    single = {names[0] for names in parts.values() if len(names) == 1}
    uses = Counter(part for names in parts.values() for part in set(names))
    known = single | ({part for part, n in uses.items() if n > 1} if joint in _LISTS else set())
    if all(label[:1] == "[" and label[-1:] == "]" for label in labels):  # lists of Python or JSON
        known = set(uses)
    return [
        label
        for label, _ in labels.most_common()
        if len(parts[label]) > 1 and all(part in known for part in parts[label])
    ]
