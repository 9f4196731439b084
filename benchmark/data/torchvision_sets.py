"""torchvision's classification data sets by name; torchvision downloads and reads them."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmark.data.decode import to_rgb
from benchmark.data.imageset import ImageSet
from benchmark.spec import split_parameters
from benchmark.storage.cache import cache_dir

# Side -> the words torchvision's classes have for it, in the order in which they are tried.
OFFICIAL = {
    "train": ("train", "trainval", "train-standard"),
    "val": ("val", "valid"),
    "test": ("test",),
}


class DatasetReader:
    """Reads from one or more torchvision data sets laid end to end."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = tuple(parts)
        self.ends = np.cumsum([len(part) for part in parts])
        self._last: tuple[int, Image.Image] | None = None

    def image(self, index: int, at_least: int = 0) -> Image.Image:  # noqa: ARG002
        """Return image `index` as RGB, always at full size."""
        # The last one is kept: the pixel store asks for an image's content right after the image.
        if self._last is None or self._last[0] != index:
            part = int(np.searchsorted(self.ends, index, side="right"))
            start = int(self.ends[part - 1]) if part else 0
            self._last = (index, to_rgb(self.parts[part][index - start][0]))
        return self._last[1]

    def content(self, index: int) -> bytes:
        """Return the size and the RGB pixels of image `index`."""
        image = self.image(index)
        return repr(image.size).encode() + image.tobytes()


def torchvision_set(spec: str) -> ImageSet:
    """Open `torchvision:NAME[,root=DIR][,argument=value ...]`.

    Official sides (`split=` or `train=` of the class) become the sides here, unless that argument
    is given: then the images it selects are one pool. The root is torchvision/ in the cache folder
    if not given. Labels are taken from the data set's attributes where it has them, without
    reading images.

    Raises:
        ValueError: an unknown name or argument, or a data set that isn't one of classification.
        FileNotFoundError: not there, and can't be downloaded.
    """
    name, _, text = spec.partition(":")[2].partition(",")
    kind = _class_named(name.strip(), spec)
    allowed, required = _arguments(kind)
    arguments: dict[str, Any] = {}
    for key, value in split_parameters(spec, text).items():
        if key not in allowed:
            raise ValueError(f"{spec}: {name} takes no {key!r}; it takes {', '.join(allowed)}.")
        arguments[key] = value if key == "root" else _literal(value)
    if "root" in allowed:
        root = Path(arguments.get("root", cache_dir() / "torchvision")).expanduser()
        root.mkdir(parents=True, exist_ok=True)
        arguments["root"] = str(root)

    parts: dict[str, Any] = {}
    if "train" in allowed and "train" not in arguments:
        for side, train in (("train", True), ("test", False)):
            parts[side] = _open(spec, kind, {**arguments, "train": train}, allowed, required)
    elif "train" not in allowed and "split" in allowed and "split" not in arguments:
        for side, words in OFFICIAL.items():
            for word in words:
                try:
                    given = {**arguments, "split": word}
                    parts[side] = _open(spec, kind, given, allowed, required)
                except ValueError as error:
                    if "Unknown value" in str(error):  # torchvision's verify_str_arg
                        continue
                    raise
                break
    if not parts:
        parts[""] = _open(spec, kind, arguments, allowed, required)

    values = [_labels(spec, part) for part in parts.values()]
    codes, labels = np.unique(np.concatenate(values), return_inverse=True)
    sides = np.repeat(np.array(list(parts), dtype="<U5"), [len(value) for value in values])
    files = tuple(
        f"{side}/{index:06d}" if side else f"{index:06d}"
        for side, value in zip(parts, values, strict=True)
        for index in range(len(value))
    )
    identity = f"{name}|{sorted(arguments.items())}"
    return ImageSet(
        name=name.lower(),
        spec=spec,
        description=f"{name}, as torchvision provides it.",
        files=files,
        labels=labels.astype(np.int64),
        classes=_class_names(next(iter(parts.values())), codes),
        stamps=tuple(
            f"{identity}|{file}|{label}" for file, label in zip(files, labels.tolist(), strict=True)
        ),
        read=DatasetReader(list(parts.values())),
        split=sides if sides[0] else None,
    )


def _class_named(name: str, spec: str) -> Any:
    import torchvision.datasets as available

    kinds = {
        each: kind
        for each in available.__all__
        if isinstance(kind := getattr(available, each), type) and each != "VisionDataset"
    }
    if name not in kinds:
        lower = {each.lower(): each for each in kinds}
        near = [lower[each] for each in difflib.get_close_matches(name.lower(), lower, n=3)]
        hint = f"Did you mean {' or '.join(near)}?" if near else "E.g. torchvision:Flowers102."
        raise ValueError(f"{spec}: torchvision has no data set {name!r}. {hint}")
    return kinds[name]


def _arguments(kind: type) -> tuple[list[str], set[str]]:
    """Return what the class's constructor takes, its bases' through ``**kwargs`` included."""
    allowed: list[str] = []
    required: set[str] = set()
    for base in kind.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]  # type: ignore[misc]
        for each in parameters:
            if each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) or each.name in allowed:
                continue
            allowed.append(each.name)
            if each.default is each.empty:
                required.add(each.name)
        if all(each.kind is not each.VAR_KEYWORD for each in parameters):
            break
    hidden = {"transform", "target_transform", "transforms", "loader", "is_valid_file", "download"}
    shown = [name for name in allowed if name not in hidden]
    return [*shown, *(["download"] if "download" in allowed else [])], required


def _literal(value: str) -> Any:
    try:
        return ast.literal_eval({"true": "True", "false": "False"}.get(value, value))
    except (ValueError, SyntaxError):
        return value


def _open(
    spec: str, kind: Any, arguments: dict[str, Any], allowed: Sequence[str], required: set[str]
) -> Any:
    """Open what is there already, else let torchvision download it."""
    if lacking := sorted(required - set(arguments)):
        raise ValueError(f"{spec}: {kind.__name__} needs {', '.join(lacking)}, e.g. {lacking[0]}=…")
    try:
        return kind(**arguments)
    except (RuntimeError, OSError) as absent:
        if "download" not in allowed or "download" in arguments:
            raise FileNotFoundError(
                f"{spec}: not found in {arguments.get('root')}, and torchvision doesn't download "
                f"it: {absent}"
            ) from None
    try:
        return kind(**arguments, download=True)
    except (RuntimeError, OSError, ImportError) as error:
        raise FileNotFoundError(
            f"{spec}: not in {arguments.get('root')} yet, and the download failed: {error}\n"
            "Run the same command once where there is a network and copy that folder, or name "
            f"the folder that has it: torchvision:{kind.__name__},root=DIR"
        ) from None


def _labels(spec: str, dataset: Any) -> np.ndarray:
    """Return the labels of a data set, (N,) int64, from its attributes if they can be trusted."""
    for attribute in ("targets", "_labels", "labels", "y", "_samples"):
        values = getattr(dataset, attribute, None)
        if values is None or len(values) != len(dataset):
            continue
        if attribute == "_samples":
            values = [sample[1] for sample in values]
        labels = np.asarray(values)
        ends = (0, len(labels) - 1)
        if _are_classes(labels) and all(labels[end] == _label(dataset[end]) for end in ends):
            return labels.astype(np.int64)
    labels = np.array([_label(dataset[index]) for index in range(len(dataset))])
    if not _are_classes(labels):
        raise ValueError(
            f"{spec}: not a classification data set of images: an item must be an image and the "
            "number of its class."
        )
    return labels.astype(np.int64)


def _label(item: Any) -> Any:
    """Return the label of one item, NaN if it isn't an image with one class."""
    if not (isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], Image.Image)):
        return np.nan
    label = np.asarray(item[1])
    return label.item() if label.size == 1 and label.dtype.kind in "iu" else np.nan


def _are_classes(labels: np.ndarray) -> bool:
    return labels.ndim == 1 and labels.dtype.kind in "iu" and len(labels) > 0


def _class_names(dataset: Any, codes: np.ndarray) -> tuple[str, ...]:
    """Name the classes `codes`, (C,); names that occur twice (ImageNet's crane) get their code."""
    listed = getattr(dataset, "classes", None) or getattr(dataset, "categories", None) or ()
    names = [each if isinstance(each, str) else str(each[0]) for each in listed]
    chosen = [names[code] if 0 <= code < len(names) else str(code) for code in codes.tolist()]
    return tuple(
        f"{name} ({code})" if chosen.count(name) > 1 else name
        for name, code in zip(chosen, codes.tolist(), strict=True)
    )
