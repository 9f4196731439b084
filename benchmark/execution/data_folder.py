"""The folder in results/ of what `data` or `labels` writes: each data set has its own."""

from collections.abc import Collection, Iterator
from itertools import count
from pathlib import Path

from benchmark.data.imageset import ImageSet
from benchmark.data.sources import BUILT_IN
from benchmark.plan.folder_name import is_same_source, parent_name
from benchmark.storage.file_names import shortened, slug
from benchmark.storage.json_file import read_json, write_json
from benchmark.storage.user_folders import expand_home

RESULTS = Path("results")
OWNER = "data.json"  # says which data set the folder is about
TABLES = ("left_out.csv", "duplicates.csv", "not_judged.csv", "classes.csv")
PAGES = (*TABLES, "duplicates.html", "data.html")


def find_data_folder(
    images: ImageSet, command: str = "data", pages: Collection[str] = PAGES
) -> Path:
    """Return the folder of a data set's pages: data-NAME, if no other data set has it.

    Of another command, which writes other pages, COMMAND-NAME.

    Else the name gets that of the data's own parent folder, and a number behind it. Folders that
    hold other files are passed over.

    Raises
    ------
    ValueError
        If the folder is a link: what lies behind it is not ours.
    """
    candidates = _candidates(images, command)
    return next(folder for folder in candidates if _can_have(folder, images, pages))


def require_data_folder(folder: Path, images: ImageSet, pages: Collection[str]) -> Path:
    """Return a folder that a user named; ValueError if it holds something else."""
    if not _can_have(folder, images, pages):
        raise ValueError(
            f"{folder} is a file, or holds files that are not about {images.spec}. Choose another "
            "--out"
        )
    return folder


def begin_pages(folder: Path, images: ImageSet | None) -> None:
    """Remove the pages of an earlier call, and note whose the next are; None: there are none."""
    for name in (*PAGES, OWNER):
        (folder / name).unlink(missing_ok=True)
    if images:
        own(folder, images)
    elif folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def own(folder: Path, images: ImageSet) -> None:
    """Note whose pages are in a folder."""
    write_json(folder / OWNER, {"data": _source(images)})


def _candidates(images: ImageSet, command: str) -> Iterator[Path]:
    yield RESULTS / shortened(slug(f"{command}-{images.name}"))
    parent = parent_name(_source(images))
    long = shortened(slug("-".join(filter(None, (command, parent, images.name)))))
    yield RESULTS / long
    for number in count(2):
        yield RESULTS / f"{long}-{number}"


def _can_have(folder: Path, images: ImageSet, pages: Collection[str]) -> bool:
    """Tell whether a folder is this data set's, or nobody's."""
    if folder.is_symlink():
        raise ValueError(f"{folder} is a link, which is not followed; remove it")
    if not folder.is_dir():
        return not folder.exists()
    if owner := read_json(folder / OWNER):
        return is_same_source(owner.get("data"), _source(images))
    # of an earlier version, or damaged
    return {path.name for path in folder.iterdir()} <= {*pages, OWNER}


def _source(images: ImageSet) -> str:
    """Return what the data set is, wherever it is named from."""
    if images.spec.partition(":")[0].strip() in BUILT_IN:
        return images.spec
    return str(expand_home(images.spec).absolute())
