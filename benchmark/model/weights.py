"""Where a network's weights come from, and what exactly they are."""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from benchmark.model import official
from benchmark.model.backbone import Backbone, find_backbone
from benchmark.model.bundled.dequantise import FILE, bundled_state
from benchmark.model.inception_v3 import INCEPTION_V3, WEIGHTS

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".pth", ".pt", ".safetensors")
SHOWN = 4  # keys named in an error, of possibly hundreds


@dataclass(frozen=True)
class Weights:
    """Which weights, with what a report has to say about them; `read` fetches them.

    They are not held: 0.1 GB, which every process would carry along.

    Attributes
    ----------
    name
        What they are, in words.
    source
        Where they came from: an address, a file, or ''.
    sha256
        Hash of the tensors' names, shapes and float32 values, so that the same weights from
        different files have one identity; '' for random weights, which only the seed identifies.
    fetch
        Reads or makes the tensors; None for random weights.
    message
        What the user must be told; '' if nothing.
    """

    name: str
    source: str
    sha256: str
    fetch: Callable[[], dict[str, Tensor]] | None
    message: str = ""

    def read(self) -> dict[str, Tensor] | None:
        """Return tensors by the names of `Backbone.layout`, float32, not shared.

        None for random weights.

        Raises
        ------
        ValueError
            If they are no longer what they were.
        """
        if self.fetch is None:
            return None
        state = self.fetch()
        if _identity(state) != self.sha256:
            raise ValueError(f"weights {self.source} were changed during the run; run again")
        return state


def load_weights(spec: str, backbone: Backbone = INCEPTION_V3, timeout: float = 5.0) -> Weights:
    """Load the weights that `spec` names.

    Parameters
    ----------
    spec
        ``auto``, ``imagenet``, ``bundled``, ``none`` (see `catalogue.WEIGHTS`), or the path of a
        state dict for input x / 127.5 - 1 by the backbone's names (InceptionV3: torchvision's or
        timm's). It may lie under ``state_dict`` or ``model``, and its names may begin with
        ``module.``. For another network than InceptionV3 ``auto`` and ``imagenet`` are the weights
        that it brings.
    backbone
        What they are for.
    timeout
        Seconds without an answer after which a download is given up.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or ``imagenet`` is neither cached nor can be downloaded.
    ValueError
        If a file does not hold that network, or it brings no weights.
    """
    if spec in ("auto", "imagenet", "bundled"):
        return _inception(spec, timeout) if backbone is INCEPTION_V3 else _own(spec, backbone)
    if spec == "none":
        message = (
            "The network starts from random numbers: the results say nothing about fine-tuning."
        )
        return Weights("random", "", "", None, message)
    path = Path(spec).expanduser()
    if not path.is_file():
        choices = ", ".join(name for name in WEIGHTS if name != "PATH")
        raise FileNotFoundError(
            f"weights are {spec!r}, which is no file; allowed are {choices}, "
            f"or the path of a {', '.join(SUFFIXES)} file"
        )
    return _weights(path.name, str(path), partial(_read, path.absolute(), backbone.name))


def _own(spec: str, backbone: Backbone) -> Weights:
    if spec == "bundled" or not backbone.has_weights:
        raise ValueError(
            f"weights are {spec!r}, but {backbone.name} brings none"
            f"{' that are bundled' * (spec == 'bundled')}; allowed are "
            f"{'auto, ' * backbone.has_weights}none, or the path of a {', '.join(SUFFIXES)} file"
        )
    return _weights(f"{backbone.name}'s own", backbone.name, partial(_brought, backbone.name))


def _brought(name: str) -> dict[str, Tensor]:
    state = find_backbone(name).build(pretrained=True).state_dict()
    return {name: tensor.detach() for name, tensor in state.items() if _is_wanted(name)}


def _inception(spec: str, timeout: float) -> Weights:
    if spec == "auto":
        return _auto(timeout)
    if spec == "imagenet":
        return _imagenet(timeout)
    return _weights("bundled InceptionV3 (nsfwjs 4.4.0, 8 bit)", FILE.name, bundled_state)


def _auto(timeout: float) -> Weights:
    try:
        return _official(timeout)
    except OSError as reason:
        why = str(reason).rsplit(": ", 1)[-1]
        why = re.sub(r"<?urlopen error |\[Errno -?\d+\] ", "", why).rstrip(">")
        message = (
            f"The official ImageNet weights could not be downloaded ({why}). The bundled ones are "
            "weaker, above all when only the head is trained: go online once, or pass --weights "
            "PATH."
        )
        return replace(load_weights("bundled"), message=message)


def _imagenet(timeout: float) -> Weights:
    try:
        return _official(timeout)
    except OSError as reason:
        raise FileNotFoundError(
            f"the official ImageNet weights could not be had ({reason}). Without a network: put "
            f"the file from {official.URL} into {official.cached_file().parent}, pass the path "
            "of a state dict, or choose 'bundled'"
        ) from reason


def _official(timeout: float) -> Weights:
    path, message = official.official_file(timeout)
    name = "ImageNet (torchvision Inception_V3_Weights.IMAGENET1K_V1)"
    return _weights(name, official.URL, partial(_read, path, INCEPTION_V3.name), message)


def _weights(
    name: str, source: str, fetch: Callable[[], dict[str, Tensor]], message: str = ""
) -> Weights:
    return Weights(name, source, _identity(fetch()), fetch, message)


def _identity(state: Mapping[str, Tensor]) -> str:
    """Hash names, shapes and values, independent of the tensors' order and memory layout."""
    content = hashlib.sha256()
    for name in sorted(state):
        content.update(f"{name} {tuple(state[name].shape)}\n".encode())
        content.update(state[name].contiguous().numpy().data)
    return content.hexdigest()


def _read(path: Path, backbone: str) -> dict[str, Tensor]:
    """Read a state dict file and bring it to the backbone's layout, float32, no classifiers."""
    import torch
    from safetensors.torch import load_file

    if path.suffix not in SUFFIXES:
        raise ValueError(f"weights file {path} is none of {', '.join(SUFFIXES)}")
    try:
        if path.suffix == ".safetensors":
            content: object = load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, SafetensorError, RuntimeError, EOFError, KeyError) as error:
        first_line = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(
            f"weights file {path} cannot be read ({first_line}); it must hold tensors alone, as "
            "written by torch.save(model.state_dict(), path) or safetensors"
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict):
        raise ValueError(f"weights file {path} holds a {type(content).__name__}, no state dict")
    return _check({str(name): value for name, value in content.items()}, path, backbone)


def _check(content: dict[str, object], path: Path, backbone: str) -> dict[str, Tensor]:
    if all(name.startswith("module.") for name in content):
        content = {name.removeprefix("module."): value for name, value in content.items()}
    content = {name: value for name, value in content.items() if _is_wanted(name)}
    import torch
    from torch import Tensor

    shapes = find_backbone(backbone).layout()
    missing = [name for name in shapes if name not in content]
    unexpected = [name for name in content if name not in shapes]
    if missing or unexpected:
        names = "torchvision's or timm's" if backbone == INCEPTION_V3.name else "its blocks'"
        raise ValueError(
            f"weights file {path} is no {backbone} by {names} names: "
            f"{_some(missing)} missing, {_some(unexpected)} unexpected"
        )
    state: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        value = content[name]
        if not isinstance(value, Tensor) or value.shape != shape or not value.is_floating_point():
            found = f"{value.dtype} {tuple(value.shape)}" if isinstance(value, Tensor) else value
            raise ValueError(
                f"weights file {path}: {name} is {found}; it must be floating point {tuple(shape)}"
            )
        # copied, since a file may be mapped, and these will be trained
        state[name] = value.detach().to(torch.float32, copy=True).contiguous()
        if not state[name].isfinite().all():
            raise ValueError(f"weights file {path}: {name} holds NaN or infinity")
    return state


def _is_wanted(name: str) -> bool:
    """Leave out the classifiers, and a counter that no computation here uses."""
    return not name.startswith(("fc.", "AuxLogits.")) and not name.endswith("num_batches_tracked")


def _some(names: list[str]) -> str:
    if not names:
        return "none"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
