"""The sources of images, by what a user writes after `--data`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.data.class_names import merge_same_classes
from benchmark.data.digits import digits
from benchmark.data.files.folder_tree import SHEET_SUFFIXES, TABLE_SUFFIXES
from benchmark.data.folders.image_folder import image_folder
from benchmark.data.imageset import ImageSet
from benchmark.data.tables.image_table import image_table
from benchmark.data.torchvision_sets import torchvision_set
from benchmark.data.wheels import Wheels
from benchmark.spec import did_you_mean, parse_parameters
from benchmark.storage.plain_file import other_kind
from benchmark.storage.user_folders import expand_home

DATA_SOURCES: dict[str, str] = {
    "wheels[:images=N,classes=C,...]": "built-in photographs of wheel rims, others for each seed",
    "FOLDER": "a folder per class, or train/ val/ test/ of those; optional groups.csv, splits.csv",
    "FILE.csv": "a list of images with the columns path,label[,group][,split]; also FILE.tsv",
    "torchvision:NAME[,root=DIR,...]": "a torchvision classification data set, downloaded once",
    "digits": "scikit-learn's 1,797 handwritten digits of 8 x 8 pixels",
}

# are read once they are saved as CSV
OTHER_TABLES = frozenset({*SHEET_SUFFIXES, ".feather", ".json", ".jsonl", ".txt", ".lst", ""})
BUILT_IN = ("wheels", "torchvision", "digits")


def open_data(
    spec: str | ImageSet,
    *,
    class_level: int | None = None,
    merge_classes: bool = False,
    allow_outside: bool = False,
    seeds: Sequence[int] = (0,),
) -> ImageSet:
    """List the images that `spec` names (see DATA_SOURCES), or those given; no image is read.

    The path of a folder that has the name of a source is written './wheels'.

    Parameters
    ----------
    class_level
        Which folders of a folder are the classes: 1 the first, 2 those below them; None if that
        must be certain.
    merge_classes
        Whether class names that are the same to a person become one class.
    allow_outside
        Whether links in a folder, and rows of a table, may lead to files outside the folder.
    seeds
        Those of a run. Built-in photographs are drawn for each of them; other data do not depend on
        them.

    Raises
    ------
    FileNotFoundError
        If it is neither a known source nor an existing folder or file.
    ValueError
        If a known source gets wrong parameters, if the contents make no image set or are
        ambiguous, or if a class level is given for what is no folder.
    """
    source = spec.strip().partition(":")[0] if isinstance(spec, str) else ""
    is_folder = False
    if isinstance(spec, ImageSet):
        images, spec = spec, spec.spec
    elif source in BUILT_IN:
        images = _open_built_in(spec.strip(), source, seeds)
    else:
        is_folder = expand_home(spec).is_dir()
        images = (
            image_folder(spec, class_level, allow_outside)
            if is_folder
            else _open_file(spec, allow_outside)
        )
    if class_level is not None and not is_folder:
        raise ValueError(
            f"class level {class_level} is not allowed: {spec} is no folder; "
            "--class-level says which folders of a folder are the classes"
        )
    return merge_same_classes(images, merge_classes)


def _open_built_in(spec: str, source: str, seeds: Sequence[int]) -> ImageSet:
    """Open a source that has a name, and say so if a folder here has that name too."""
    parameters = spec.partition(":")[2]
    if source == "wheels":
        images = Wheels(**parse_parameters(source, Wheels, parameters)).draw(seeds)
    elif source == "digits":
        images = digits(**parse_parameters(source, digits, parameters))
    else:
        images = torchvision_set(spec)
    if not Path(source).is_dir():
        return images
    message = (
        f"{source} is the built-in source of that name, not the folder ./{source} here: "
        f"--data ./{source} reads the folder."
    )
    return replace(images, messages=(*images.messages, message))


def _open_file(spec: str, allow_outside: bool) -> ImageSet:
    path = expand_home(spec)
    suffix = path.suffix.lower()
    if path.is_file() and suffix in TABLE_SUFFIXES:
        return image_table(spec, allow_outside)
    if path.exists() and not path.is_file():
        kind = other_kind(path.stat().st_mode)
        raise ValueError(f"{spec}: is {kind}, not a file: save what it gives as a file.")
    sources = "Data can be:\n" + "\n".join(f"  {name}  {s}" for name, s in DATA_SOURCES.items())
    if path.is_file() and suffix in OTHER_TABLES:
        raise ValueError(
            f"{spec}: of tables, .csv and .tsv files are read. If this is one, save it as CSV: in "
            "a spreadsheet by Save as, CSV UTF-8; in pandas by to_csv(index=False). A text whose "
            "first line is path,label only needs the suffix .csv."
        )
    if path.is_file():
        raise ValueError(
            f"{spec}: is neither a folder nor a .csv file; an archive must be unpacked first, "
            f"a spreadsheet saved as CSV.\n{sources}"
        )
    source = spec.strip().partition(":")[0]
    raise FileNotFoundError(
        f"{spec}: no such folder, file or data source.{did_you_mean(source, BUILT_IN)}\n{sources}"
    )
