"""The backbones by name: those of this package, and of plug-ins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmark.model.backbone import Backbone
from benchmark.model.efficientnet_lite0 import EFFICIENTNET_LITE0
from benchmark.model.inception_v3 import INCEPTION_V3
from benchmark.model.resnet18 import RESNET18
from benchmark.spec import Registry

if TYPE_CHECKING:
    from torch import nn

BACKBONES: Registry[Backbone] = Registry("backbone")
for network in (INCEPTION_V3, EFFICIENTNET_LITE0, RESNET18):
    BACKBONES.register(network.name, network, network.build)


def backbone(
    half: str, min_size: int = 32, dropout: float = 0.0
) -> Callable[[Callable[..., nn.Sequential]], Callable[..., nn.Sequential]]:
    """Register a function that builds a chain of blocks; use it as a decorator.

    The function's name is the value of ``--backbone``. `Backbone` documents the arguments and the
    function's result. A name that a backbone of another module has, or that the command line can't
    select, raises ValueError.
    """

    def register(build: Callable[..., nn.Sequential]) -> Callable[..., nn.Sequential]:
        entry = Backbone(build.__name__, build, half, min_size, dropout)
        BACKBONES.register(entry.name, entry, build)
        return build

    return register


def find_backbone(name: str) -> Backbone:
    """Return a backbone by name; raise ValueError with the known names if there is none."""
    return BACKBONES.get(name, hint="A Python file with --plugin can add another.")
