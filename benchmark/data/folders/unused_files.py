"""The files among the folders of images that are no images of a class, each with the reason."""

from collections.abc import Collection
from pathlib import Path

from benchmark.data.files.folder_tree import Folder
from benchmark.data.folders.tables_beside import tables_read


def unused_files(root: Path, tree: Folder, used: Collection[str]) -> dict[str, str]:
    """Return path below the root -> why the file is no image of a class; `used` are those that are.

    Tables that are read with the images are not among them.
    """
    used, taken = set(used), tables_read(root, tree)
    reasons = {}
    for folder in tree.walk():
        for image in folder.images.keys() - used:
            reasons[image] = "it lies in no class folder"
        for name in folder.others:
            suffix = Path(name).suffix
            why = f"{suffix} is no suffix of an image" if suffix else "it has no suffix"
            reasons[_path(folder, name)] = why
        for name in folder.documents:
            if folder is not tree or name not in taken:
                reasons[_path(folder, name)] = "a text or a table"
    return dict(sorted(reasons.items()))


def _path(folder: Folder, name: str) -> str:
    return f"{folder.path}/{name}".removeprefix("/")
