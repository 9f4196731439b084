"""Images that can't be read: why, and many files of one reason in one sentence."""

import errno
import re
from collections.abc import Mapping, Sequence

from benchmark.data.decoding.limits import MEMORY, reached_memory_limit
from benchmark.storage.plain_file import NotPlainError
from benchmark.storage.sizes import format_size
from benchmark.system.text import first_names, list_below, pluralize

EXAMPLES = 3  # file names in a sentence
REASONS = 10  # sentences; the rest is counted
# rights and names are as their owner wants them; all other errors of a system come from a disk, a
# network or a process that lacks something, and a second try may help
_OF_THE_OWNER = (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR)
_OF_THE_NAME = (errno.ENAMETOOLONG, errno.ELOOP)


class UnreadableImageError(OSError):
    """A file holds no image, or none that can be decoded; the message says what it is instead."""


class LostProcessError(Exception):
    """The process that decoded an image has ended; the message says how."""


class PassingReason(str):
    """Why an image can't be read now, though nothing is wrong with its file: it isn't remembered.

    Such an image has been tried twice, see `map_blocks`.
    """

    __slots__ = ()


class RefusedAccess(PassingReason):
    """A file has gone, or may not be opened: a second try at once would find the same."""

    __slots__ = ()


class BrokenAccess(PassingReason):
    """The disk, the network or the system fails: a run without the image would be another run."""

    __slots__ = ()


def format_error(error: Exception) -> str:
    """Return why an image can't be read; decoders raise any exception on damaged files."""
    if isinstance(error, UnreadableImageError | NotPlainError):
        return str(error)
    if isinstance(error, LostProcessError):
        return PassingReason(error)
    if isinstance(error, MemoryError):
        return _lack_of_memory()
    text = f"{type(error).__name__}: {error}" if str(error) else repr(error)
    if isinstance(error, OSError) and error.errno is not None:  # decoders give none
        return (RefusedAccess if error.errno in _OF_THE_OWNER else BrokenAccess)(text)
    return text


def format_listing_error(error: OSError) -> str:
    """Return why a file or folder can't be opened while a folder is listed."""
    text = f"it can't be opened ({error.strerror or type(error).__name__})"
    return text if error.errno in (*_OF_THE_OWNER, *_OF_THE_NAME) else BrokenAccess(text)


def _lack_of_memory() -> str:
    if not reached_memory_limit():
        return PassingReason("no memory was left to decode it")
    return (
        f"it takes more than {format_size(MEMORY)} of memory to decode: store it at a smaller size,"
        " or with 8 bits a channel"
    )


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
    if passing := [files[i] for i, why in errors.items() if isinstance(why, PassingReason)]:
        sentences.append(
            f"{pluralize(len(passing), 'image', 'images')} may be readable another time, which "
            f"would change the splits ({first_names(passing, 3)}): each run tries again."
        )
    return sentences


def none_readable(spec: str, files: Sequence[str], errors: Mapping[int, str]) -> str:
    """Say that no image of a set can be read, and why."""
    return list_below(
        f"{spec}: none of the {len(files):,} images can be read.",
        unreadable_sentences(errors, files),
    )


def require_access(spec: str, files: Sequence[str], errors: Mapping[int, str]) -> None:
    """Raise OSError if the disk, the network or the system failed to give an image, also twice."""
    broken = [index for index, why in sorted(errors.items()) if isinstance(why, BrokenAccess)]
    if broken:
        what = f"{pluralize(len(broken), 'image', 'images')}, at the second try either"
        reasons = [f"{files[index]}: {errors[index]}" for index in broken]
        raise _not_given(spec, what, "run again (only these are read)", reasons)


def require_listing(spec: str, left_out: Mapping[str, str]) -> None:
    """Raise OSError if the disk, the network or the system failed to list a folder's files."""
    broken = [f"{path}: {why}" for path, why in left_out.items() if isinstance(why, BrokenAccess)]
    if broken:
        what = pluralize(len(broken), "file or folder", "files and folders")
        raise _not_given(spec, what, "run again", broken)


def _not_given(spec: str, what: str, again: str, reasons: list[str]) -> OSError:
    """Return the error that stops a run; `reasons` name the files, of which the first are shown."""
    return OSError(
        list_below(
            f"{spec}: the system could not give {what}. Without them the splits would be others, "
            "so nothing was trained. Mend the disk, the network or what else is named, and "
            f"{again}, or move them away:",
            reasons[:REASONS],
        )
    )


def _sentence(indices: list[int], errors: Mapping[int, str], files: Sequence[str]) -> str:
    names, reason = [files[index] for index in indices], errors[indices[0]].rstrip(".")
    if len(indices) == 1:
        return f"{names[0]} can't be read: {reason}."
    return f"{len(indices):,} images can't be read: {reason} ({first_names(names, EXAMPLES)})."
