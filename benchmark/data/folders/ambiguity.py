"""Class folders that may be something else: parts, renderings, copies, one level of two."""

from collections.abc import Sequence

from benchmark.data.files.folder_tree import Folder
from benchmark.data.folders.folder_names import (
    are_parts_of_a_class,
    are_renderings,
    parts_among,
    same_below,
    unaltered,
)
from benchmark.data.split_names import split_of, splits_of
from benchmark.system.text import first_names, pluralize

REALLY_CLASSES = "--class-level 1 if the folders really are the classes"
ARE_SPLITS = "rename them to train, val and test, if they are splits"


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
    ends = {name: [end_of_chain(folder) for folder in folders[name]] for name in names}
    below = {name: [f.name for end in ends[name] for f in end.filled] for name in names}
    filled = [end for name in names for end in ends[name] if end.filled]
    # a folder of one split alone is no data set
    alone = {name: "" if are_splits or not below[name] else ends[name][0].path for name in names}
    level = _level_below(parents, filled)
    if len(names) == 1 and len(set(below[names[0]])) > 1:
        paths = [end.path for end in ends[names[0]]]
        below_level = level and f"{level} makes the folders below {filled[0].name} the classes"
        raise AmbiguityError(
            f"all images lie below one folder, {paths[0]}"
            if len(paths) == 1
            else f"the images of each split lie below one folder: {first_names(paths)}",
            below_level if _are_certain(filled, are_splits) else "",
            deeper=alone[names[0]],
            level_1="",
        )
    deeper_level = level and f"{level} makes the folders below them the classes"
    if parts := parts_among(names):
        raise AmbiguityError(
            f"{first_names(parts)} are named like parts of a data set, not like classes",
            deeper_level,
            deeper="" if deeper_level else alone[parts[0]],
        )
    if are_renderings(names):
        sentence = f"{first_names(names)} are named like renderings or labels of the same images"
        raise AmbiguityError(sentence, deeper=alone[unaltered(names)])
    if (same := same_below(list(below.values()))) and not are_parts_of_a_class(same):
        ways = [deeper_level] if are_splits or len(names) > 3 else [ARE_SPLITS, deeper_level]
        if splits_of(same) and not any(f.filled for end in filled for f in end.filled):
            alone[names[0]] = ""  # images of one class
        _refuse_same_below(names, same, ways, alone[names[0]])
    for name in names:
        copied = folders.keys() & below[name]
        if len(copied) > 1 and 2 * len(copied) >= len(names) - 1:
            raise AmbiguityError(
                f"{ends[name][0].path} holds folders that are named like those beside it "
                f"({first_names(sorted(copied), 3)}): a copy, or other data",
                f"move {folders[name][0].path} away, if it is a copy",
                deeper=alone[name],
            )


def _are_certain(parents: Sequence[Folder], are_splits: bool) -> bool:
    """Tell whether the folders in `parents` are the classes without a doubt."""
    try:
        refuse_ambiguous_classes(parents, are_splits)
    except AmbiguityError:
        return False
    return True


def _refuse_same_below(
    names: Sequence[str], same: Sequence[str], ways: Sequence[str], deeper: str
) -> None:
    sentence = f"{first_names(names)} hold folders of the same names ({first_names(same, 5)})"
    if splits_of(same):
        raise AmbiguityError(
            f"{sentence}, which are named like splits and are not read as splits there",
            "move the folders: train/CLASS/ in place of CLASS/train/",
            deeper=deeper,
            level_1="--class-level 1 makes a class of each folder, and a new split",
        )
    if are_renderings(same):
        raise AmbiguityError(
            f"{sentence}, which are named like renderings or labels of the same images",
            level_1="--class-level 1 takes all of them as images of the class",
        )
    raise AmbiguityError(f"{sentence}: either level may be the classes", *ways, deeper=deeper)


def _level_below(parents: Sequence[Folder], ends: Sequence[Folder]) -> str:
    """Return the flag that makes the folders in `ends` the classes; '' if none does.

    None does if they lie at several levels below `parents`, have only one name, or are named like
    splits.
    """
    depths = {
        end.path.removeprefix(f"{parent.path}/").count("/") + 2
        for parent in parents
        for end in ends
        if not parent.path or end.path.startswith(f"{parent.path}/")
    }
    names = {folder.name for end in ends for folder in end.filled}
    if len(depths) != 1 or len(names) < 2 or splits_of(names):
        return ""
    return f"--class-level {depths.pop()}"


def end_of_chain(folder: Folder) -> Folder:
    """Return the folder where a chain of folders that hold one folder each ends."""
    while not folder.images and len(folder.filled) == 1 and not split_of(folder.filled[0].name):
        folder = folder.filled[0]
    return folder
