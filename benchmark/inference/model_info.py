"""What model.json says of an exported model, as types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FORMAT = 1  # raise it when a model of before can't be read any more


@dataclass(frozen=True)
class NetworkInfo:
    """How the tensors of one network become one that computes as it did in training."""

    backbone: str  # its name
    cut: str  # the first block that was trained; those before it are frozen
    head: dict[str, Any] | None  # see `stored_component`; None: it is of a plug-in
    precision: str  # bfloat16 or float32


@dataclass(frozen=True)
class PreprocessingInfo:
    """How a file becomes the pixels that the network is given."""

    image_size: int  # pixels a side; the whole image is squashed to it
    decoder_version: int
    # kind of wide grey (Pillow's mode I or F) -> the values that become black and white
    grey_scales: dict[str, tuple[float, float]]
    normalisation: str = "x / 127.5 - 1, of pixels x from 0 to 255, in the order RGB"


@dataclass(frozen=True)
class Interval:
    """A number and its interval at 95 %."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ClassInfo:
    """A class, and how the model did on its test images, of all seeds of the run."""

    name: str
    train_images: int
    test_images: int
    recall: Interval
    predicted: int  # test images that were called by its name


@dataclass(frozen=True)
class DataInfo:
    """The images that a model was trained on."""

    name: str
    description: str
    images: int
    sha256: str  # of names, contents, labels, groups and given splits
    split_sha256: str  # of the files of each split


@dataclass(frozen=True)
class WeightsInfo:
    """The pretrained weights that a model began with."""

    name: str
    source: str
    sha256: str
    licence: str


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """All of a model but its tensors."""

    format: int = FORMAT
    tensors_sha256: str  # of the file of tensors
    networks: tuple[NetworkInfo, ...]  # one, or those of an ensemble
    classes: tuple[ClassInfo, ...]  # in the order of the network's outputs
    preprocessing: PreprocessingInfo
    # the fitted rule, see `stored_component`; None: it is of a plug-in and can't be stored
    decision: dict[str, Any] | None
    effective_prior: tuple[float, ...] | None  # (C,) see `Outputs`
    # (threshold, share of errors) on validation, from the lowest threshold on: see `abstention`
    error_by_threshold: tuple[tuple[float, float], ...]
    strategy: str  # its full name
    strategy_description: str
    plugins: tuple[str, ...]  # files that the strategy or the backbone comes from
    seed: int
    network_keys: tuple[str, ...]  # of the run
    is_refitted: bool  # trained again on all images; the numbers are those of the comparison
    data: DataInfo
    weights: WeightsInfo
    other_files: dict[str, str]  # of the folder, for other runtimes -> their sha256
    metrics: dict[str, Interval]  # on test images
    seeds: tuple[int, ...]  # that the numbers are means of
    versions: dict[str, str | None]
