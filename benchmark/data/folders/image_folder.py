"""An image folder: `root/<class>/<file>`, or `root/train|val|test/<class>/<file>`.

Folders below a class folder belong to the class (as in torchvision's ImageFolder). Links are
followed inside the folder. What a system or a program made is left out, hidden files and folders
too. The order is that of the names' code points, so it is the same on every machine.
"""

import shlex
from pathlib import Path

import numpy as np

from benchmark.data.files.folder_tree import Folder, walk_folder
from benchmark.data.files.image_files import FileReader, short_name
from benchmark.data.folders.ambiguity import AmbiguityError
from benchmark.data.folders.layout import Layout, find_layout
from benchmark.data.folders.layout_messages import layout_messages
from benchmark.data.folders.tables_beside import find_table, table_ways, unread_documents
from benchmark.data.folders.unused_files import unused_files
from benchmark.data.imageset import ImageSet
from benchmark.data.tables.groups_and_splits import group_ids, match_files, translate_splits
from benchmark.storage.user_folders import expand_home, real_path
from benchmark.system.text import list_below, printable

LAYOUT = """\
Expected one folder per class with its images inside:
  {root}/cat/001.jpg
  {root}/dog/002.jpg
or the same below train/, val/ and test/. Images without class folders can be listed in a CSV
file with the columns path,label (see `list`)."""
IN_A_TABLE = "a CSV file with the columns path,label that lists the images"


def image_folder(
    spec: str, class_level: int | None = None, allow_outside: bool = False
) -> ImageSet:
    """List the images below the existing folder `spec`; no image is read.

    Optional beside the class folders: groups.csv (file,group) and splits.csv (file,split).
    `class_level` says which folders are the classes, see `find_layout`; `allow_outside`, whether
    links may lead elsewhere, see `walk_folder`.

    Raises
    ------
    ValueError
        If it does not have one folder per class, if it can be read in several ways and
        `class_level` is None, or if a CSV file contradicts itself.
    """
    root = expand_home(spec)
    tree, left_out = walk_folder(root, allow_outside)
    try:
        layout = find_layout(tree, class_level)
    except AmbiguityError as ambiguity:
        raise ValueError(_refusal(spec, tree, ambiguity)) from None
    messages = [*layout_messages(tree, layout, class_level or 1), *left_out.messages()]
    _require_classes(spec, tree, layout, class_level, messages)
    files, stamps, names, given = [], [], [], []
    for c in layout.classes:
        images = {path: stamp for f in c.folder.walk() for path, stamp in f.images.items()}
        files += sorted(images)
        stamps += [images[path] for path in sorted(images)]
        names += [c.name] * len(images)
        given += [c.split] * len(images)
    split, split_messages = _given_split(root, tree, layout, files, given)
    groups, group_messages = _groups(root, tree, files)
    messages += [*split_messages, *group_messages]
    messages += unread_documents(spec, tree, list(layout.splits.values()))
    classes, labels = np.unique(names, return_inverse=True)
    return ImageSet(
        name=short_name(root),
        spec=spec,
        description=f"The image folder {real_path(root).name}, one folder per class.",
        files=tuple(files),
        labels=labels,
        classes=tuple(classes.tolist()),
        stamps=tuple(stamps),
        reader=FileReader(str(real_path(root)), tuple(files)),
        groups=groups,
        split=split,
        messages=tuple(map(printable, messages)),
        left_out={**left_out.reasons(), **unused_files(root, tree, files)},
    )


def _given_split(
    root: Path, tree: Folder, layout: Layout, files: list[str], given: list[str]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the owner's split, (N,) str or None, from the folders or splits.csv, and messages."""
    table = find_table(root, tree, "splits.csv")
    if layout.splits and table is not None:
        names = ", ".join(folder.path for folder in layout.splits.values())
        raise ValueError(f"{root}: has the folders {names} and also {table.name}; remove one.")
    if layout.splits:
        return np.array(given, dtype="<U5"), ()
    if table is None:
        return None, ()
    values, messages = match_files(table, "split", files)
    return translate_splits(table, values), messages


def _groups(
    root: Path, tree: Folder, files: list[str]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the groups of groups.csv, (N,) int64 or None, and messages."""
    table = find_table(root, tree, "groups.csv")
    if table is None:
        return None, ()
    names, messages = match_files(table, "group", files)
    return group_ids(names), messages


def _refusal(spec: str, tree: Folder, ambiguity: AmbiguityError) -> str:
    """Say why a folder is not read, and what makes it certain how it is to be read."""
    deeper = []
    if ambiguity.deeper:
        path = shlex.quote(str(Path(spec, ambiguity.deeper)))
        deeper.append(f"--data {path} reads that folder alone")
    ways = [*table_ways(spec, tree), *deeper, *ambiguity.ways, IN_A_TABLE]
    return list_below(
        printable(f"{spec}: {ambiguity}. One of these makes it certain:"),
        list(map(printable, ways)),
    )


def _require_classes(
    spec: str, tree: Folder, layout: Layout, class_level: int | None, messages: list[str]
) -> None:
    """Raise ValueError, with all that was noticed, unless two classes have images."""
    filled = {c.name: c.folder for c in layout.classes if c.folder.total}
    if len(filled) > 1:
        return
    ways = table_ways(spec, tree)
    if filled:
        (name,) = filled
        sentence = (
            f"{spec}: a classifier needs at least two classes; the images in class folders all lie "
            f"in folders called {name}.\n{LAYOUT.format(root=spec)}"
        )
    elif class_level is not None and tree.total:
        sentence = (
            f"{spec}: class level {class_level} is not allowed: no folder of images lies there."
        )
    else:
        sentence = f"{spec}: no images in class folders.\n{LAYOUT.format(root=spec)}"
    raise ValueError(list_below(sentence, list(map(printable, [*ways, *messages]))))
