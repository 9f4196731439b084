r"""Find the files that a table names: tables are written on other machines, and by other programs.

Lists of images say 'ISIC_0024306' for 'part_1/ISIC_0024306.jpg', 'IMG_1.JPG' for 'IMG_1.jpg', or
'C:\Users\me\img\1.png' for 'img/1.png'. Each name is tried the strict way first. A looser way
counts only where one file fits that no stricter name means, and it is reported.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from benchmark.data.split_names import split_of
from benchmark.system.text import pluralize

WITHOUT_FOLDER = "without their folder"  # '1.png' for 'cat/1.png'
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{1,4}$")
_NUMBER = re.compile(r"(\d+)(\.0*)?")
_ABSOLUTE = re.compile(r"/|~|[a-z]+:/", re.IGNORECASE)

Form = Callable[[str], str]  # a path or a name, without what may differ
Cut = Callable[[str], list[str]]  # the parts of it that are compared


@dataclass
class NameMatch:
    """The files that names mean."""

    files: dict[str, str] = field(default_factory=dict)  # name as written -> file
    # how names differ from their files, '' if they don't -> these names
    differences: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def messages(self, silent: Collection[str] = ()) -> list[str]:
        """Report the names that differ from their files, but for the `silent` differences."""
        return [
            f"{pluralize(len(names), 'row names its image', 'rows name images')} {difference}, "
            f"e.g. {names[0]!r} for {self.files[names[0]]!r}."
            for difference, names in self.differences.items()
            if difference and difference not in silent
        ]


def match_names(
    names: Collection[str], files: Sequence[str], taken: Collection[str] = ()
) -> NameMatch:
    r"""Find the file of each name; a name that fits no file is left out.

    Parameters
    ----------
    names
        Unique, as written in a table: with '/' or '\\'.
    files
        Unique, relative to one folder, with '/'.
    taken
        Files that other names mean as they are.

    Raises
    ------
    ValueError
        If a name fits several files, or two names fit one file.
    """
    match = NameMatch()
    paths = {name: posixpath.normpath(name.replace("\\", "/")) for name in names}
    used = set(taken)  # files that stricter names mean
    is_ascii = all(map(str.isascii, (*paths.values(), *files)))  # which has one Unicode form
    for root, ways in _WAYS.items():
        # a list whose folders are right for some of its names has the same root for all
        if root and (taken or any("/" in paths[name] for name in match.files)):
            break
        for way in ways:
            rest = {name: path for name, path in paths.items() if name not in match.files}
            if rest and not (is_ascii and way.form_of_name is _composed):
                _match_one_way(way, rest, files, used, match)
                used.update(match.files.values())
    return match


def _match_one_way(
    way: _Way,
    rest: Mapping[str, str],
    files: Sequence[str],
    used: Collection[str],
    match: NameMatch,
) -> None:
    """Add to `match` the names that fit in one way a file that isn't used."""
    keys = {name: way.keys_of_name(path) for name, path in rest.items()}
    index: dict[str, list[str]] = {key: [] for of_name in keys.values() for key in of_name}
    for file in files:
        for key in way.keys_of_file(file):
            if key in index:
                index[key].append(file)
    meant: dict[str, str] = {}  # file -> name
    for name, path in rest.items():
        candidates = next((index[key] for key in keys[name] if index[key]), [])
        candidates = [file for file in candidates if not _other_split(path, file)]
        if len(candidates) > 1:
            raise ValueError(
                f"{name!r} could be {candidates[0]!r} or {candidates[1]!r}; write the file with "
                "its folder and its suffix."
            )
        if not candidates or (way.is_loose and candidates[0] in used):
            continue
        other = meant.setdefault(candidates[0], name)
        if way.is_loose and other != name:
            raise ValueError(
                f"{other!r} and {name!r} could both be {candidates[0]!r}; write the files as they "
                "are called."
            )
        match.files[name] = candidates[0]
        match.differences[way.difference].append(name)


@dataclass(frozen=True)
class _Way:
    """A name fits a file if they have a key in common."""

    difference: str
    form_of_name: Form
    form_of_file: Form
    cut_name: Cut
    cut_file: Cut

    @property
    def is_loose(self) -> bool:
        return self.difference not in ("", WITHOUT_FOLDER)

    def keys_of_name(self, name: str) -> list[str]:
        return list(filter(None, self.cut_name(self.form_of_name(name))))

    def keys_of_file(self, file: str) -> list[str]:
        return list(filter(None, self.cut_file(self.form_of_file(file))))


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _folded(path: str) -> str:
    return _composed(path).casefold()


def _stem(path: str) -> str:
    return _SUFFIX.sub("", _folded(path))


def _number(path: str) -> str:
    """Return what a spreadsheet makes of the file 'cat/007.png': '7'; '' if it is no number."""
    match = _NUMBER.fullmatch(_stem(path).rpartition("/")[2])
    return str(int(match[1])) if match else ""


def _bare_number(name: str) -> str:
    return _number(name) if _NUMBER.fullmatch(name) else ""


def _whole(path: str) -> list[str]:
    return [path]


def _ends(path: str) -> list[str]:
    """Return a path cut at each slash, longest first."""
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _last(path: str) -> list[str]:
    return [path.rpartition("/")[2]]


def _last_of_absolute(path: str) -> list[str]:
    """Return the last part of '/a/1.png', 'C:/a/1.png', '//server/a/1.png' or a URL."""
    return _last(path) if _ABSOLUTE.match(path) else []


def _other_split(path: str, file: str) -> bool:
    """Tell whether a name and a file are in folders of different splits."""
    a, b = (_splits(name.rpartition("/")[0]) for name in (path, file))
    return bool(a and b and not a & b)


@lru_cache(maxsize=10_000)
def _splits(folder: str) -> frozenset[str]:
    return frozenset(filter(None, map(split_of, folder.split("/"))))


# how a name's form can differ, of the name, of the file: from strict to loose
_FORMS: tuple[tuple[str, Form, Form], ...] = (
    ("", str, str),
    ("in another Unicode form", _composed, _composed),
    ("in other letter case", _folded, _folded),
    ("without suffix", _folded, _stem),
    ("with another suffix", _stem, _stem),
)


def _other_root(difference: str) -> str:
    return "below another folder" + (f" and {difference}" if difference else "")


# The folders above a name: as in the file or left out; more of them than in the file; others. The
# last counts for names of another machine only: 'b/1.png' is not 'a/1.png' of another class
_WAYS: dict[str, tuple[_Way, ...]] = {
    "": (
        _Way("", str, str, _whole, _whole),
        *(_Way(d or WITHOUT_FOLDER, f, g, _whole, _ends) for d, f, g in _FORMS),
        _Way("as a number", _bare_number, _number, _whole, _whole),
    ),
    "longer": tuple(_Way(_other_root(d), f, g, _ends, _whole) for d, f, g in _FORMS),
    "other": tuple(_Way(_other_root(d), f, g, _last_of_absolute, _last) for d, f, g in _FORMS),
}
