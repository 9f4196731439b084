"""Which column of a table holds the images, the labels, the groups, the split: by its name.

The documented name wins. Else a name that owners of data give such columns is taken where one
column alone has one, and a message says so. Of two, none is guessed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.system.text import first_names, join_names


@dataclass(frozen=True)
class ColumnKind:
    """What a column can hold. Names are compared in lower case, letters and digits only."""

    content: str  # in a sentence: 'the labels'
    names: tuple[str, ...]  # documented, the best first
    synonyms: frozenset[str]
    weak: frozenset[str] = frozenset()  # taken if the table has no better one

    def candidates(self, header: Sequence[str]) -> list[int]:
        """Return the columns that could be of this kind: several if no name decides."""
        keys = [_key(name) for name in header]
        for names in (*({name} for name in self.names), self.synonyms, self.weak):
            if columns := [index for index, key in enumerate(keys) if key in names]:
                return columns
        return []


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IMAGES = ColumnKind(
    "the images",
    ("path", "file"),
    _words("""
    image images img imageid imageids imageno imagename imagepath imagefile imagefilename
    imagefilepath imageindex imgid imgname imgpath imgfile filename filenames filepath filepaths
    files fname paths fullpath relpath relativepath picture photo
    """),
    _words("id ids idcode name uuid uid basename isicid"),
)
LABELS = ColumnKind(
    "the labels",
    ("label", "labels"),
    _words("""
    labelname labelid class classes classname classid classlabel category categories
    categoryname categoryid dx diagnosis diagnoses finding findings findinglabels species breed
    target targets targetname disease
    """),
    _words("grade level severity type defect variety choice choices"),
)
GROUPS = ColumnKind(
    "the groups",
    ("group",),
    _words("""
    groups groupid groupname patient patients patientid patientno patientnr patientnumber patid
    lesion lesionid subject subjects subjectid case caseid individual individualid animalid person
    personid participant participantid specimenid slideid plantid treeid objectid
    """),
    _words("sequenceid video videoid session sessionid"),
)
SPLIT = ColumnKind(
    "the split",
    ("split",),
    _words("splits set subset dataset partition phase usage"),
)


def choose_column(path: Path, header: Sequence[str], kind: ColumnKind) -> int | None:
    """Return the column of a kind, None without one. ValueError: several could be it."""
    columns = kind.candidates(header)
    if len(columns) > 1:
        names = join_names([repr(header[column]) for column in columns], "or")
        raise ValueError(
            f"{path}: are {kind.content} in the column {names}? "
            f"Rename the right one to {kind.names[0]!r}."
        )
    return columns[0] if columns else None


def shown_header(header: Sequence[str]) -> str:
    """Name the columns in a sentence."""
    return first_names([repr(name) if name else "one without a name" for name in header], 30)


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
