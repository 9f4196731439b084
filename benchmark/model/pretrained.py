"""The pretrained network of an experiment, cut in two. Each process builds its own layers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from benchmark.model.backbone import Backbone
from benchmark.model.convolution import with_matrix_gradients
from benchmark.model.network import FrozenPrefix, build_network, freeze, split
from benchmark.model.registry import find_backbone
from benchmark.model.weights import Weights
from benchmark.system.device import Device

RANDOM_WEIGHTS_SEED = 0  # one network for all seeds: they share the frozen layers


@dataclass(frozen=True)
class Pretrained:
    """A network before its head."""

    backbone_name: str
    weights: Weights  # before training
    cut: str  # the first block that may be trained, or ``head``
    device: Device  # where it runs, and the precision of the layers before the cut

    @property
    def backbone(self) -> Backbone:
        """The backbone, by name: a worker can't unpickle the functions of a plug-in."""
        return find_backbone(self.backbone_name)

    @cached_property
    def prefix(self) -> FrozenPrefix:
        """The layers before the cut, frozen; without any it just normalises."""
        return freeze(self._parts()[0], self.device.dtype).to(self.device.torch_device)

    def suffix(self) -> nn.Sequential:
        """Return a new copy of the layers from the cut on, to be trained."""
        suffix = self._parts()[1]
        if self.device.type == "cpu":
            with_matrix_gradients(suffix)
        return suffix.to(self.device.torch_device)

    def chain(self) -> nn.Sequential:
        """Return a new copy of all layers, on the CPU."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(RANDOM_WEIGHTS_SEED)
            return build_network(self.backbone, self.weights.read())

    def _parts(self) -> tuple[nn.Sequential, nn.Sequential]:
        return split(self.chain(), self.cut)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the layers: another process builds its own."""
        return {name: value for name, value in self.__dict__.items() if name != "prefix"}
