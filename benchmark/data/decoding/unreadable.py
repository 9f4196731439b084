"""Images that can't be read: why, and many files of one reason in one sentence."""

import re
from collections.abc import Mapping, Sequence

from benchmark.system.text import first_names, list_below

EXAMPLES = 3  # file names in a sentence
REASONS = 10  # sentences; the rest is counted


class UnreadableImageError(OSError):
    """A file holds no image, or none that can be decoded; the message says what it is instead."""


def format_error(error: Exception) -> str:
    """Return why an image can't be read; decoders raise any exception on damaged files."""
    if isinstance(error, UnreadableImageError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else repr(error)


def unreadable_sentences(
    errors: Mapping[int, str], files: Sequence[str], at_least: int = 1
) -> list[str]:
    """Return a sentence for each reason that so many images have, the most frequent first.

    Parameters
    ----------
    errors
        Index of an image -> why it can't be read.
    files
        (N,) names of all images.
    at_least
        Images of a reason.
    """
    reasons: dict[str, list[int]] = {}
    for index, reason in sorted(errors.items()):
        # two files of one kind differ in what is quoted from them, and in numbers
        reasons.setdefault(re.sub(r"'[^']*'|\d+", "#", reason), []).append(index)
    frequent = [indices for indices in reasons.values() if len(indices) >= at_least]
    ordered = sorted(frequent, key=len, reverse=True)
    sentences = [_sentence(indices, errors, files) for indices in ordered[:REASONS]]
    if rest := sum(map(len, ordered[REASONS:])):
        sentences.append(f"{rest} more images can't be read, for other reasons.")
    return sentences


def none_readable(spec: str, files: Sequence[str], errors: Mapping[int, str]) -> str:
    """Say that no image of a set can be read, and why."""
    return list_below(
        f"{spec}: none of the {len(files):,} images can be read.",
        unreadable_sentences(errors, files),
    )


def _sentence(indices: list[int], errors: Mapping[int, str], files: Sequence[str]) -> str:
    names, reason = [files[index] for index in indices], errors[indices[0]].rstrip(".")
    if len(indices) == 1:
        return f"{names[0]} can't be read: {reason}."
    return f"{len(indices):,} images can't be read: {reason} ({first_names(names, EXAMPLES)})."
