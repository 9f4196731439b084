"""Open the folder of an exported model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from benchmark.inference.classifier import ImageClassifier
from benchmark.inference.model_folder import INFO, REMEDY, ModelFolder
from benchmark.inference.model_info import ModelInfo, NetworkInfo
from benchmark.inference.stored_component import from_content
from benchmark.inference.trained_network import TrainedNetwork
from benchmark.model.backbone import Backbone
from benchmark.model.registry import find_backbone
from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import settings_of
from benchmark.plugins import load_plugins
from benchmark.storage.stored_file import DamagedFileError
from benchmark.storage.user_folders import expand_home
from benchmark.strategy.protocols import Head
from benchmark.strategy.registry import find
from benchmark.system.device import choose_device

_PRECISIONS = {"bfloat16": "bf16", "float32": "fp32"}


def load_model(
    folder: str | Path, *, device: str = "auto", plugin: str | Iterable[str] = ()
) -> ImageClassifier:
    """Open a model that `export` has written, to predict on new images.

    Nothing else is needed: neither the run's folder nor its images, nor the file of its strategy.

    Parameters
    ----------
    folder
        Holds model.safetensors and model.json.
    device
        auto, cpu, cuda or cuda:1.
    plugin
        The file that a network or a classifier of your own comes from, if the model needs one.

    Returns
    -------
    ImageClassifier
        With ``classes_``, ``predict`` and ``predict_proba``.

    Raises
    ------
    FileNotFoundError
        If the folder holds no model.
    ValueError
        If a file of it was changed, if it is of another version, if it needs a plug-in, or if
        there is no such device.
    """
    if not isinstance(folder, str | Path):
        raise ValueError(f"model {folder!r} is not allowed; allowed: the path of its folder")
    device = settings_of(Experiment)["device"].read(device)
    load_plugins((plugin,) if isinstance(plugin, str) else tuple(plugin))
    path = expand_home(folder)
    info, tensors = ModelFolder(path).read()
    try:
        rule = None if info.decision is None else from_content(info.decision)
        heads = [None if n.head is None else from_content(n.head) for n in info.networks]
    except ValueError as error:
        raise DamagedFileError(path / INFO, str(error), REMEDY) from None
    networks = []
    for number, (network, head, state) in enumerate(
        zip(info.networks, heads, tensors, strict=True)
    ):
        backbone = _backbone(network, info)
        with torch.random.fork_rng(devices=[]):
            make = head or _head_of_plugin(info, number)
            module: nn.Module = make(backbone.width, len(info.classes))
        chosen = choose_device(device, _PRECISIONS[network.precision])
        try:
            built = TrainedNetwork.build(backbone, network.cut, module, state, chosen)
        except RuntimeError as error:  # of a plug-in that was changed
            reason = f"{path}: the tensors are not those of {network.backbone}: {error}"
            raise ValueError(reason) from error
        networks.append(built)
    return ImageClassifier(info, tuple(networks), rule)


def _backbone(network: NetworkInfo, info: ModelInfo) -> Backbone:
    try:
        return find_backbone(network.backbone)
    except ValueError as error:
        raise _needs_plugin(f"the network {network.backbone!r}", info) from error


def _head_of_plugin(info: ModelInfo, number: int) -> Head:
    try:
        return find(info.strategy).trainings[number].head
    except ValueError as error:
        raise _needs_plugin(f"the classifier of {info.strategy!r}", info) from error


def _needs_plugin(what: str, info: ModelInfo) -> ValueError:
    files = ", ".join(info.plugins) or "a plug-in"
    return ValueError(f"{what} is code of {files}: give that file by plugin=, or --plugin")
