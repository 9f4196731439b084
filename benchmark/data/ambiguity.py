"""Class folders that may be something else: parts, renderings, copies, one level of two."""

from collections.abc import Sequence

from benchmark.data.folder_names import are_renderings, parts_among, same_below
from benchmark.data.folder_tree import Folder
from benchmark.data.split_names import split_of, splits_of
from benchmark.system.text import first_names, pluralize

REALLY_CLASSES = "--class-level 1 if the folders really are the classes"
LEVEL_2 = "--class-level 2 makes the folders below them the classes"


class AmbiguityError(ValueError):
    """A folder can be read in several ways, or in none; `ways` say what makes it certain.

    `deeper` is the path, below the root, of a folder that may be given in place of the root.
    """

    def __init__(
        self, sentence: str, *ways: str, deeper: str = "", level_1: str = REALLY_CLASSES
    ) -> None:
        super().__init__(sentence)
        self.ways = tuple(way for way in (*ways, level_1) if way)
        self.deeper = deeper


def refuse_loose_images(split_folders: Sequence[Folder]) -> None:
    """Refuse images beside the class folders of a split: they make it look like a class."""
    for folder in split_folders:
        if folder.images:
            number = pluralize(len(folder.images), "image", "images")
            names = first_names(list(folder.images), 3)
            raise AmbiguityError(
                f"{folder.path} holds class folders and also {number} without a class: {names}",
                f"move {names} away, or into class folders",
                level_1="--class-level 1 takes the class folders and leaves such images out",
            )


def refuse_ambiguous_classes(parents: Sequence[Folder], are_splits: bool) -> None:
    """Refuse the folders in `parents`, the root or its split folders, if they may be no classes.

    Raises
    ------
    AmbiguityError
        If there is one only, with folders below it; if they are named like parts or renderings of
        the data; if they hold folders of the same names, or of those beside them.
    """
    folders: dict[str, list[Folder]] = {}
    for parent in parents:
        for folder in parent.filled:
            folders.setdefault(folder.name, []).append(folder)
    names = list(folders)
    below = {name: [f.name for folder in folders[name] for f in folder.filled] for name in names}
    first = "" if are_splits or not names else folders[names[0]][0].path
    if len(names) == 1 and below[names[0]]:
        end = end_of_chain(folders[names[0]][0]).path
        raise AmbiguityError(
            f"all images lie below one folder, {end}",
            f"--class-level 2 makes the folders below {names[0]} the classes",
            deeper="" if are_splits else end,
            level_1="",
        )
    if parts := parts_among(names):
        level_2 = LEVEL_2 if any(below.values()) else ""
        raise AmbiguityError(
            f"{first_names(parts)} are named like parts of a data set, not like classes", level_2
        )
    if are_renderings(names):
        sentence = f"{first_names(names)} are named like renderings or labels of the same images"
        raise AmbiguityError(sentence, deeper=first if below[names[0]] else "")
    if same := same_below(list(below.values())):
        _refuse_same_below(names, same, first)
    for name in names:
        copied = folders.keys() & below[name]
        if len(copied) > 1 and 2 * len(copied) >= len(names) - 1:
            path = folders[name][0].path
            raise AmbiguityError(
                f"{path} holds folders that are named like those beside it "
                f"({first_names(sorted(copied), 3)}): a copy, or other data",
                f"move {path} away, if it is a copy",
                deeper="" if are_splits else path,
            )


def _refuse_same_below(names: Sequence[str], same: Sequence[str], first: str) -> None:
    sentence = f"{first_names(names)} hold folders of the same names ({first_names(same, 5)})"
    if splits_of(same):
        raise AmbiguityError(
            f"{sentence}, which are named like splits and are not read as splits there",
            "move the folders: train/CLASS/ in place of CLASS/train/",
            level_1="--class-level 1 makes a class of each folder, and a new split",
        )
    if are_renderings(same):
        raise AmbiguityError(
            f"{sentence}, which are named like renderings or labels of the same images",
            level_1="--class-level 1 takes all of them as images of the class",
        )
    raise AmbiguityError(f"{sentence}: either level may be the classes", LEVEL_2, deeper=first)


def end_of_chain(folder: Folder) -> Folder:
    """Return the folder where a chain of folders that hold one folder each ends."""
    while not folder.images and len(folder.filled) == 1 and not split_of(folder.filled[0].name):
        folder = folder.filled[0]
    return folder
