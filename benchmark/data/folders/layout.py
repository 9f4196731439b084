"""Which folders are the classes, of which split, and how the classes are named."""

from dataclasses import dataclass, field

from benchmark.data.files.folder_tree import Folder
from benchmark.data.folders.ambiguity import (
    AmbiguityError,
    refuse_ambiguous_classes,
    refuse_loose_images,
)
from benchmark.data.folders.folder_names import are_renderings, parts_among, same_below
from benchmark.data.folders.split_folders import SplitFolders, find_split_folders
from benchmark.system.text import first_names


@dataclass(frozen=True)
class ClassFolder:
    """A folder whose images, at any depth, are of one class and one split."""

    folder: Folder
    name: str  # of the class
    split: str  # '' if the folders give none


@dataclass(frozen=True)
class Layout:
    """The class folders of a tree, and what lies beside them."""

    classes: list[ClassFolder]  # also those that hold no image
    splits: dict[str, Folder] = field(default_factory=dict)  # split -> folder of class folders
    unclassed: list[Folder] = field(default_factory=list)  # folders of images without a class
    loose: list[str] = field(default_factory=list)  # images above the class folders
    messages: list[str] = field(default_factory=list)


def find_layout(root: Folder, class_level: int | None = None) -> Layout:
    """Return the class folders of a tree.

    Parameters
    ----------
    class_level
        1: the classes are the folders in the root or in its split folders; 2: those below them; and
        so on. None: 1, unless that may be a misreading.

    Raises
    ------
    AmbiguityError
        If no class level is given and the folders can be read in several ways.
    """
    given = _find_splits(root, class_level)
    parents = given.folders or {"": root}
    if class_level is None:
        refuse_loose_images(list(given.folders.values()))
        refuse_ambiguous_classes(list(parents.values()), bool(given.folders))
    loose = list(root.images) if given.folders else []
    levels: dict[str, list[Folder]] = {}
    for split, parent in sorted(parents.items(), key=lambda item: item[1].path):
        levels[split] = [parent]
        for _ in range(class_level or 1):
            loose += [image for folder in levels[split] for image in folder.images]
            levels[split] = [below for folder in levels[split] for below in folder.folders]
    names, messages = _name_classes(parents, levels)
    classes = [
        ClassFolder(folder, names[folder.path], split)
        for split, folders in levels.items()
        for folder in folders
    ]
    messages = [*given.messages, *messages]
    return Layout(classes, given.folders, given.unclassed, loose, messages)


def _find_splits(root: Folder, class_level: int | None) -> SplitFolders:
    try:
        return find_split_folders(root)
    except AmbiguityError:
        if class_level is None:
            raise
        return SplitFolders()  # the user says that the folders in the root are no splits


def _name_classes(
    parents: dict[str, Folder], levels: dict[str, list[Folder]]
) -> tuple[dict[str, str], list[str]]:
    """Return path of a class folder -> name of its class, and messages.

    The name is that of the folder. Folders of one name in different folders are one class if the
    folders above are parts of the data, or nearly all have folders of the same names; otherwise
    their names are written with the folders above them.
    """
    names: dict[str, str] = {}
    above: dict[str, set[str]] = {}  # name of a folder -> paths above it, below the split
    below: dict[str, list[str]] = {}  # path above -> names of folders
    relative: dict[str, str] = {}
    for split, folders in levels.items():
        start = len(parents[split].path) + bool(parents[split].path)
        for folder in folders:
            names[folder.path] = folder.name
            if not folder.total:
                continue
            relative[folder.path] = folder.path[start:]
            path = relative[folder.path].rpartition("/")[0]
            above.setdefault(folder.name, set()).add(path)
            below.setdefault(path, []).append(folder.name)
    double = sorted(name for name, paths in above.items() if len(paths) > 1)
    if not double:
        return names, []
    tops = list(below)
    example = f"{double[0]} of {first_names(sorted(above[double[0]]), 5)}"
    if parts_among(tops) or are_renderings(tops) or same_below(list(below.values())):
        return names, [
            f"Folders of one name are one class: {example}. If the same things are shown in "
            "several of these, groups.csv keeps them in one split."
        ]
    for path, name in names.items():
        if name in double and path in relative:
            names[path] = relative[path]
    return names, [
        f"Folders of one name in different folders are different classes: {example}. "
        "A CSV file with the columns path,label can make them one."
    ]
