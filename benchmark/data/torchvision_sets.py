"""torchvision's classification data sets by name; torchvision downloads and reads them."""

import ast
import difflib
import inspect
import shlex
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from PIL import Image

from benchmark.data.class_names import with_codes
from benchmark.data.decoding.unreadable import format_error
from benchmark.data.imageset import ImageSet, require_number
from benchmark.data.memory.array_image import to_image
from benchmark.data.memory.sequence_reader import SequenceReader
from benchmark.spec import split_parameters
from benchmark.storage.cache import cache_dir
from benchmark.storage.unwritable import writing
from benchmark.storage.user_folders import expand_home

# Our split -> its names in torchvision's classes, in the order in which they are tried.
OFFICIAL_NAMES = {
    "train": ("train", "trainval", "train-standard"),
    "val": ("val", "valid"),
    "test": ("test",),
}
# they hold no data set of their own, but walk any folder that they are given
FOLDER_WALKERS = {"imagefolder", "datasetfolder"}
_LOADER = "loader"  # the argument that opens the files of a set


def torchvision_set(spec: str) -> ImageSet:
    """Open `torchvision:NAME[,root=DIR][,argument=value ...]`.

    The official split (`split=` or `train=` of the class) is the split here, unless the spec has
    that argument: then its images come without a split. The default root is torchvision/ in the
    cache folder.

    Raises
    ------
    ValueError
        If the name or an argument is unknown, the data set isn't one of classification, or the name
        stands for any folder, which is read by this package's own rules alone.
    FileNotFoundError
        If the files are missing and can't be downloaded.
    """
    name, _, text = spec.partition(":")[2].partition(",")
    if name.strip().lower() in FOLDER_WALKERS:
        raise ValueError(_folder_advice(spec, text))
    source = _Source(spec, _class_named(name.strip(), spec))
    arguments = source.parse(text)
    datasets = source.open_all(arguments)
    require_number(sum(map(len, datasets.values())), spec)
    values = [_labels(spec, dataset) for dataset in datasets.values()]
    codes, labels = np.unique(np.concatenate(values), return_inverse=True)
    splits = np.repeat(np.array(list(datasets), dtype="<U5"), [len(value) for value in values])
    files = tuple(
        f"{split}/{index:06d}".removeprefix("/")
        for split, value in zip(datasets, values, strict=True)
        for index in range(len(value))
    )
    stamp = f"{name}|{sorted(arguments.items())}"
    return ImageSet(
        name=name.lower(),
        spec=spec,
        description=f"{name}, as torchvision provides it.",
        files=files,
        labels=labels.astype(np.int64),
        classes=_class_names(next(iter(datasets.values())), codes),
        stamps=tuple(
            f"{stamp}|{file}|{label}" for file, label in zip(files, labels.tolist(), strict=True)
        ),
        # data sets of torch are joined end to end by +
        reader=SequenceReader(reduce(add, datasets.values()), has_labels=True, in_memory=False),
        split=splits if splits[0] else None,
    )


class _Source:
    """A class of torchvision and the arguments of its constructor."""

    def __init__(self, spec: str, kind: Any) -> None:
        self.spec, self.kind = spec, kind
        parameters = _constructor_parameters(kind)
        self.allowed, self.required = _public_arguments(parameters)
        # an image file is opened as one of a folder is, where the class leaves that open
        self.given = {_LOADER: to_image} if _LOADER in parameters else {}

    def parse(self, text: str) -> dict[str, Any]:
        """Read the arguments in `text`, and add the root."""
        arguments: dict[str, Any] = {}
        for key, value in split_parameters(self.spec, text).items():
            if key not in self.allowed:
                known = ", ".join(self.allowed)
                raise ValueError(
                    f"{self.spec}: {self.kind.__name__} takes no {key!r}; it takes {known}."
                )
            arguments[key] = value if key == "root" else _literal(value)
        if "root" in self.allowed:
            root = expand_home(arguments.get("root", cache_dir() / "torchvision"))
            with writing(root, "give another root=DIR" if "root" in arguments else None):
                root.mkdir(parents=True, exist_ok=True)
            arguments["root"] = str(root)
        return arguments

    def open_all(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return split -> data set; the split is '' where there is no official one."""
        if "train" in self.allowed and "train" not in arguments:
            return {s: self.open({**arguments, "train": s == "train"}) for s in ("train", "test")}
        datasets: dict[str, Any] = {}
        if "train" not in self.allowed and "split" in self.allowed and "split" not in arguments:
            for split, names in OFFICIAL_NAMES.items():
                for name in names:
                    try:
                        datasets[split] = self.open({**arguments, "split": name})
                    except ValueError as error:
                        if "Unknown value" in str(error):  # torchvision's verify_str_arg
                            continue
                        raise
                    break
        return datasets or {"": self.open(arguments)}

    def open(self, arguments: dict[str, Any]) -> Any:
        """Open the files if they exist, else let torchvision download them."""
        if lacking := sorted(self.required - set(arguments)):
            raise ValueError(
                f"{self.spec}: {self.kind.__name__} needs {', '.join(lacking)}, e.g. {lacking[0]}=…"
            )
        try:
            return self.kind(**arguments, **self.given)
        except ModuleNotFoundError as error:
            raise ValueError(
                f"{self.spec}: torchvision needs a further package for it: pip install {error.name}"
            ) from None
        except (RuntimeError, OSError) as absent:
            if "download" not in self.allowed or "download" in arguments:
                raise FileNotFoundError(
                    f"{self.spec}: not found in {arguments.get('root')}, and torchvision doesn't "
                    f"download it: {absent}"
                ) from None
        try:
            return self.kind(**arguments, **self.given, download=True)
        except (RuntimeError, OSError, ImportError) as error:
            raise FileNotFoundError(
                f"{self.spec}: not in {arguments.get('root')} yet, and the download failed: "
                f"{error}\nRun the same command once online and copy that folder, or name the "
                f"folder that has it: torchvision:{self.kind.__name__},root=DIR"
            ) from None


def _class_named(name: str, spec: str) -> Any:
    import torchvision.datasets as available  # torch: 2 s, which other sources do not need

    unnamed = {"visiondataset", *FOLDER_WALKERS}
    kinds = {k: getattr(available, k) for k in available.__all__ if k.lower() not in unnamed}
    if name in kinds and isinstance(kinds[name], type):
        return kinds[name]
    # by lower case, as CIFAR10 is far from cifar10 otherwise
    lower = {key.lower(): key for key, kind in kinds.items() if isinstance(kind, type)}
    near = [lower[key] for key in difflib.get_close_matches(name.lower(), lower, n=3)]
    hint = f"Did you mean {' or '.join(near)}?" if near else "E.g. torchvision:Flowers102."
    raise ValueError(f"{spec}: torchvision has no data set {name!r}. {hint}")


def _folder_advice(spec: str, text: str) -> str:
    root = split_parameters(spec, text).get("root", "DIR")
    return (
        f"{spec}: it reads any folder, and without the rules for folders here (plain files, no "
        f"loops of links, limits on each file). Name the folder itself: --data {shlex.quote(root)}"
    )


def _constructor_parameters(kind: type) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class by name, also those that go through ``**kwargs``."""
    parameters: dict[str, inspect.Parameter] = {}
    for base in (base for base in kind.__mro__ if "__init__" in vars(base)):
        own = list(inspect.signature(base.__init__).parameters.values())[1:]  # type: ignore[misc]
        for parameter in own:
            parameters.setdefault(parameter.name, parameter)
        if all(p.kind is not p.VAR_KEYWORD for p in own):
            break
    return parameters


def _public_arguments(parameters: dict[str, inspect.Parameter]) -> tuple[list[str], set[str]]:
    """Return the arguments that a spec may have, and the required ones."""
    named = [p for p in parameters.values() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    required = {p.name for p in named if p.default is p.empty}
    hidden = {"transform", "target_transform", "transforms", _LOADER, "is_valid_file", "download"}
    public = [p.name for p in named if p.name not in hidden]
    return [*public, *(["download"] if "download" in parameters else [])], required


def _literal(value: str) -> Any:
    try:
        return ast.literal_eval({"true": "True", "false": "False"}.get(value, value))
    except (ValueError, SyntaxError):
        return value


def _labels(spec: str, dataset: Any) -> np.ndarray:
    """Return the labels of a data set, (N,) int64: its attribute, or else those of all images."""
    for attribute in ("targets", "_labels", "labels", "y", "_samples"):
        values = getattr(dataset, attribute, None)
        if values is None or len(values) != len(dataset):
            continue
        if attribute == "_samples":
            values = [sample[1] for sample in values]
        labels = np.asarray(values)
        ends = (0, len(labels) - 1)
        if _are_classes(labels) and all(_can_be(labels[end], dataset, end) for end in ends):
            return labels.astype(np.int64)
    labels = np.array([_label_at(spec, dataset, index) for index in range(len(dataset))])
    if not _are_classes(labels):
        required = "an item must be an image and the number of its class"
        raise ValueError(f"{spec}: not a classification data set of images: {required}.")
    return labels.astype(np.int64)


def _can_be(label: Any, dataset: Any, index: int) -> bool:
    try:
        return bool(label == _label(dataset[index]))
    except OSError:  # the image can't be read, which is no word about its label
        return True


def _label_at(spec: str, dataset: Any, index: int) -> Any:
    try:
        return _label(dataset[index])
    except OSError as error:
        raise ValueError(f"{spec}: item {index} can't be read: {format_error(error)}") from error


def _label(item: Any) -> Any:
    """Return the label of one item, NaN if it isn't an image with one class."""
    if not (isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], Image.Image)):
        return np.nan
    label = np.asarray(item[1])
    return label.item() if label.size == 1 and label.dtype.kind in "iu" else np.nan


def _are_classes(labels: np.ndarray) -> bool:
    return labels.ndim == 1 and labels.dtype.kind in "iu" and len(labels) > 0


def _class_names(dataset: Any, codes: np.ndarray) -> tuple[str, ...]:
    """Name the classes `codes`, (C,)."""
    listed = getattr(dataset, "classes", None) or getattr(dataset, "categories", None) or ()
    names = [entry if isinstance(entry, str) else str(entry[0]) for entry in listed]
    chosen = [names[code] if 0 <= code < len(names) else str(code) for code in codes.tolist()]
    return with_codes(chosen, codes.tolist())
