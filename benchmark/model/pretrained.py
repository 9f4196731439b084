"""The pretrained network of an experiment, cut in two, made where and when it is needed.

A process that only plans or waits never makes it, and none is sent from process to process: what
travels is where the weights come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from benchmark.model.backbone import Backbone, find_backbone
from benchmark.model.weights import Weights
from benchmark.system.device import Device

if TYPE_CHECKING:
    from torch import nn

    from benchmark.model.network import Frozen

RANDOM_WEIGHTS_SEED = 0  # one network for all seeds: they share the frozen layers


@dataclass(frozen=True)
class Pretrained:
    """A network before its head.

    Parameters
    ----------
    name
        Of the backbone.
    weights
        What it starts from.
    cut
        The first block that may be trained, or ``head``.
    device
        Where it runs, and in which precision the layers before the cut do.
    """

    name: str
    weights: Weights
    cut: str
    device: Device

    @property
    def backbone(self) -> Backbone:
        """Found by name: a plug-in's functions are not sent to a worker."""
        return find_backbone(self.name)

    @cached_property
    def prefix(self) -> Frozen:
        """The layers before the cut, frozen; without any it just normalises."""
        from benchmark.model.network import freeze

        return freeze(self._halves()[0], self.device.dtype).to(self.device.place)

    def suffix(self) -> nn.Sequential:
        """Return a new copy of the layers from the cut on, to be trained."""
        from benchmark.model.convolution import with_matrix_gradients

        suffix = self._halves()[1]
        if self.device.type == "cpu":
            suffix = with_matrix_gradients(suffix)
        return suffix.to(self.device.place)

    def _halves(self) -> tuple[nn.Sequential, nn.Sequential]:
        # here: torch is 1 s and 270 MB, torchvision brings torch._dynamo, 90 MB more
        import torch

        from benchmark.model.network import split

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(RANDOM_WEIGHTS_SEED)
            return split(self.backbone.network(self.weights.read()), self.cut)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the layers: another process makes its own."""
        return {name: value for name, value in self.__dict__.items() if name != "prefix"}
