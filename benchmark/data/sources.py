"""The sources of images, by what a user writes after `--data`."""

from pathlib import Path

from benchmark.data.digits import digits
from benchmark.data.folder import image_folder
from benchmark.data.image_table import image_table
from benchmark.data.imageset import ImageSet
from benchmark.data.torchvision_sets import torchvision_set
from benchmark.data.wheels import wheels
from benchmark.spec import did_you_mean, parse_parameters

DATA_SOURCES: dict[str, str] = {
    "wheels[:images=N,classes=C,...]": "built-in photographs of car wheel rims, rendered on demand",
    "FOLDER": "a folder per class, or train/ val/ test/ of those; optional groups.csv, splits.csv",
    "FILE.csv": "a list of images with the columns path,label[,group][,split]",
    "torchvision:NAME[,root=DIR,...]": "a torchvision classification data set, downloaded once",
    "digits": "scikit-learn's 1,797 handwritten digits of 8 x 8 pixels",
}


def open_data(spec: str) -> ImageSet:
    """List the images that `spec` names (see DATA_SOURCES); no image is read.

    The path of a folder that has the name of a source is written './wheels'.

    Raises
    ------
    FileNotFoundError
        If it is neither a known source nor an existing folder or file.
    ValueError
        If a known source gets wrong parameters, or the contents make no image set.
    """
    source, _, parameters = spec.strip().partition(":")
    if source == "wheels":
        return wheels(**parse_parameters(source, wheels, parameters))
    if source == "digits":
        return digits(**parse_parameters(source, digits, parameters))
    if source == "torchvision":
        return torchvision_set(spec.strip())
    path = Path(spec).expanduser()
    if path.is_dir():
        return image_folder(spec)
    if path.is_file() and path.suffix.lower() == ".csv":
        return image_table(spec)
    sources = "Data can be:\n" + "\n".join(f"  {name}  {s}" for name, s in DATA_SOURCES.items())
    if path.is_file():
        raise ValueError(
            f"{spec}: is neither a folder nor a .csv file; an archive must be unpacked first.\n"
            f"{sources}"
        )
    close = did_you_mean(source, ("wheels", "torchvision", "digits"))
    raise FileNotFoundError(f"{spec}: no such folder, file or data source.{close}\n{sources}")
