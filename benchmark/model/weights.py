"""Weights of a network: their source, their hash, and how they are read."""

import hashlib
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from benchmark.model import official
from benchmark.model.backbone import Backbone
from benchmark.model.bundled.dequantise import FILE, bundled_state
from benchmark.model.inception_v3 import INCEPTION_V3, WEIGHTS
from benchmark.model.registry import find_backbone
from benchmark.system.text import first_names

SUFFIXES = (".pth", ".pt", ".safetensors")
NAMES_SHOWN = 4  # tensors named in an error, of possibly hundreds


@dataclass(frozen=True)
class Weights:
    """The source of a network's weights and facts for the report; `read` loads the tensors.

    The object does not hold them: they are 0.1 GB, which each process would carry along. `sha256`
    is their `hash_tensors`, so the same weights from different files are known to be the same.
    """

    name: str  # for the report
    source: str  # an address, a file, or ''
    sha256: str  # '' for random weights, which the seed alone determines
    fetch: Callable[[], dict[str, Tensor]] | None  # None for random weights
    message: str = ""  # a note for the user

    def read(self) -> dict[str, Tensor] | None:
        """Return new tensors by the names of `Backbone.layout`, float32; None for random weights.

        Tensors that have changed since this object was made raise ValueError.
        """
        if self.fetch is None:
            return None
        state = self.fetch()
        if hash_tensors(state) != self.sha256:
            raise ValueError(f"weights {self.source} were changed during the run; run again")
        return state


def load_weights(spec: str, backbone: Backbone = INCEPTION_V3, timeout: float = 5.0) -> Weights:
    """Load the weights that `spec` names, for a backbone.

    Parameters
    ----------
    spec
        ``auto``, ``imagenet``, ``bundled``, ``none`` (see `inception_v3.WEIGHTS`), or the path of
        a state dict for input x / 127.5 - 1 by the backbone's names (InceptionV3: torchvision's or
        timm's). It may lie under ``state_dict`` or ``model``, and its names may begin with
        ``module.``. For another network than InceptionV3, ``auto`` and ``imagenet`` are the
        network's own weights.
    timeout
        Seconds without an answer after which a download is given up.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or ``imagenet`` is neither cached nor can be downloaded.
    ValueError
        If a file does not hold that network, or the network has no weights of its own.
    """
    if spec in ("auto", "imagenet", "bundled"):
        if backbone is INCEPTION_V3:
            return _inception_weights(spec, timeout)
        return _own_weights(spec, backbone)
    if spec == "none":
        message = "The network starts from random numbers: results say nothing about fine-tuning."
        return Weights("random", "", "", None, message)
    path = Path(spec).expanduser()
    if not path.is_file():
        choices = ", ".join(name for name in WEIGHTS if name != "PATH")
        raise FileNotFoundError(
            f"weights are {spec!r}, which is no file; allowed are {choices}, "
            f"or the path of a {', '.join(SUFFIXES)} file"
        )
    return _describe(path.name, str(path), partial(_read_file, path.absolute(), backbone.name))


def hash_tensors(state: Mapping[str, Tensor]) -> str:
    """Hash names, shapes and values, independent of the tensors' order and memory layout."""
    content = hashlib.sha256()
    for name in sorted(state):
        content.update(f"{name} {tuple(state[name].shape)}\n".encode())
        content.update(state[name].contiguous().numpy().data)
    return content.hexdigest()


def _describe(
    name: str, source: str, fetch: Callable[[], dict[str, Tensor]], message: str = ""
) -> Weights:
    return Weights(name, source, hash_tensors(fetch()), fetch, message)


def _own_weights(spec: str, backbone: Backbone) -> Weights:
    if spec == "bundled" or not backbone.has_weights:
        raise ValueError(
            f"{backbone.name} has no {'bundled' if backbone.has_weights else 'pretrained'} weights:"
            f" give --weights {'auto, ' * backbone.has_weights}none, or a file"
        )
    return _describe(f"{backbone.name}'s own", backbone.name, partial(_read_own, backbone.name))


def _read_own(backbone: str) -> dict[str, Tensor]:
    state = find_backbone(backbone).build(pretrained=True).state_dict()
    return {name: tensor.detach() for name, tensor in state.items() if _is_used(name)}


def _inception_weights(spec: str, timeout: float) -> Weights:
    if spec == "bundled":
        return _describe("bundled InceptionV3 (nsfwjs 4.4.0, 8 bit)", FILE.name, bundled_state)
    try:
        path, message = official.official_file(timeout)
    except OSError as reason:
        if spec == "auto":
            return _bundled_instead(reason)
        raise FileNotFoundError(
            f"the official ImageNet weights are not available ({reason}). Offline: put "
            f"the file from {official.URL} into {official.cached_file().parent}, pass the path "
            "of a state dict, or choose 'bundled'"
        ) from reason
    name = "ImageNet (torchvision Inception_V3_Weights.IMAGENET1K_V1)"
    return _describe(name, official.URL, partial(_read_file, path, INCEPTION_V3.name), message)


def _bundled_instead(error: OSError) -> Weights:
    reason = str(error).rsplit(": ", 1)[-1]
    reason = re.sub(r"<?urlopen error |\[Errno -?\d+\] ", "", reason).rstrip(">")
    message = (
        f"The official ImageNet weights could not be downloaded ({reason}). The bundled ones are "
        "weaker, above all when only the head is trained: go online once, or pass --weights PATH."
    )
    return replace(load_weights("bundled"), message=message)


def _read_file(path: Path, backbone: str) -> dict[str, Tensor]:
    """Read a state dict file and bring it to the backbone's layout, float32, no classifiers."""
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
    """Return the backbone's tensors as float32; raise ValueError if they are not all there."""
    if all(name.startswith("module.") for name in content):
        content = {name.removeprefix("module."): value for name, value in content.items()}
    content = {name: value for name, value in content.items() if _is_used(name)}
    shapes = find_backbone(backbone).layout()
    missing = [name for name in shapes if name not in content]
    unexpected = [name for name in content if name not in shapes]
    if missing or unexpected:
        names = "torchvision's or timm's" if backbone == INCEPTION_V3.name else "its blocks'"
        lacking, other = (first_names(n, NAMES_SHOWN) or "none" for n in (missing, unexpected))
        raise ValueError(
            f"weights file {path} is no {backbone} by {names} names: "
            f"{lacking} missing, {other} unexpected"
        )
    state: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        value = content[name]
        if not isinstance(value, Tensor) or value.shape != shape or not value.is_floating_point():
            actual = f"{value.dtype} {tuple(value.shape)}" if isinstance(value, Tensor) else value
            raise ValueError(
                f"weights file {path}: {name} is {actual}; it must be floating point {tuple(shape)}"
            )
        # a copy: a file may be mapped, and these tensors will be trained
        state[name] = value.detach().to(torch.float32, copy=True).contiguous()
        if not state[name].isfinite().all():
            raise ValueError(f"weights file {path}: {name} holds NaN or infinity")
    return state


def _is_used(name: str) -> bool:
    """Return False for the classifiers, and for a counter that no computation here uses."""
    return not name.startswith(("fc.", "AuxLogits.")) and not name.endswith("num_batches_tracked")
