"""Every place images can come from, by the words a user writes after `--data`."""

from __future__ import annotations

import difflib
from pathlib import Path

from benchmark.data.imageset import ImageSet
from benchmark.spec import parse_parameters

DATA_SOURCES: dict[str, str] = {
    "wheels[:images=N,classes=C,...]": "built-in photographs of car wheel rims, rendered on demand",
    "FOLDER": "one folder a class, or train/ val/ test/ of those; optional groups.csv, splits.csv",
    "FILE.csv": "a list of images with the columns path,label[,group][,split]",
    "torchvision:NAME[,root=DIR,...]": "a torchvision classification data set, downloaded once",
    "digits": "scikit-learn's 1,797 handwritten digits of 8 x 8 pixels",
}


def open_data(spec: str) -> ImageSet:
    """List the images that `spec` stands for (see DATA_SOURCES); no image is read.

    A folder called like a source is reached by its path: './wheels'.

    Raises:
        FileNotFoundError: neither a known source nor an existing folder or file.
        ValueError: a known source with wrong parameters, or contents that make no image set.
    """
    source, colon, params = spec.strip().partition(":")
    if source == "wheels":
        from benchmark.data.wheels import wheels

        return wheels(**parse_parameters(source, wheels, params))
    if source == "digits":
        from benchmark.data.digits import digits

        return digits(**parse_parameters(source, digits, params))
    if source == "torchvision":
        from benchmark.data.torchvision_sets import torchvision_set

        return torchvision_set(spec.strip())
    path = Path(spec).expanduser()
    if path.is_dir():
        from benchmark.data.folder import image_folder

        return image_folder(spec)
    if path.is_file() and path.suffix.lower() == ".csv":
        from benchmark.data.image_table import manifest

        return manifest(spec)
    if path.is_file():
        raise ValueError(
            f"{spec}: is neither a folder nor a .csv file; an archive must be unpacked first.\n"
            f"{_sources()}"
        )
    near = difflib.get_close_matches(source, ("wheels", "torchvision", "digits"), n=1)
    hint = f" Did you mean {near[0]}{colon}{params}?" if near else ""
    raise FileNotFoundError(f"{spec}: no such folder, file or data source.{hint}\n{_sources()}")


def _sources() -> str:
    return "Data can be:\n" + "\n".join(f"  {name}  {text}" for name, text in DATA_SOURCES.items())
