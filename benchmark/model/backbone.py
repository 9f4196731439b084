"""What stands between the images and the head: any network that is a chain of named blocks.

No torch at import, so that help and checks of what was asked for stay quick.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

HEAD = "head"
_backbones: dict[str, Backbone] = {}


@dataclass(frozen=True)
class Backbone:
    """A network without its classifier, which can be cut before any of its blocks.

    What is before the cut is frozen and runs once an experiment; what is after it is trained.

    Attributes
    ----------
    name
        By which it is asked for.
    build
        () -> the chain, nn.Sequential of named blocks: images (B, 3, H, W) in [-1, 1] -> features
        (B, D). A network that was made for other inputs brings them there in its first block. With
        a parameter `pretrained`, True gives it with its trained weights.
    half
        The first block that ``--fine-tune half`` trains.
    min_size
        Side in pixels of the smallest images that it can take.
    dropout
        Share of features left out before the head while it is trained.
    """

    name: str
    build: Callable[..., nn.Sequential]
    half: str
    min_size: int = 32
    dropout: float = 0.0

    @property
    def summary(self) -> str:
        """First line of the docstring of `build`."""
        return (inspect.getdoc(self.build) or "").split("\n", 1)[0]

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks, first to last."""
        return tuple(name for name, _ in self._skeleton.named_children())

    @property
    def width(self) -> int:
        """D, numbers per image that the head sees."""
        return self._shape_after(len(self.blocks), self.min_size)[0]

    @property
    def has_weights(self) -> bool:
        """Whether it brings trained weights of its own."""
        return "pretrained" in inspect.signature(self.build).parameters

    @property
    def file(self) -> Path:
        """Where it is written; a change there changes what is trained."""
        return Path(inspect.getsourcefile(self.build) or "")

    def first_trained(self, fine_tune: str) -> str:
        """Return the first block that is trained; every block before it is frozen.

        ``head`` trains the classifier alone, ``half`` from the block `half` on, ``full`` freezes
        nothing, and a block's name trains from that block on.

        Raises
        ------
        ValueError
            If `fine_tune` is none of these.
        """
        depths = {HEAD: HEAD, "half": self.half, "full": self.blocks[0]}
        if fine_tune in self.blocks:
            return fine_tune
        if fine_tune not in depths:
            raise ValueError(
                f"fine-tune is {fine_tune!r}; allowed are {', '.join(depths)} "
                f"or the first block of {self.name} to train: {', '.join(self.blocks)}"
            )
        return depths[fine_tune]

    def trainable(self, first: str) -> tuple[str, ...]:
        """Names from the block `first` on, and the head's."""
        names = (*self.blocks, HEAD)
        return names[names.index(first) :]

    def input_shape(self, first: str, image_size: int) -> tuple[int, ...]:
        """Return the shape (C, H, W) of what enters the block `first`, for square images."""
        return self._shape_after(self.blocks.index(first), image_size)

    def layout(self) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the tensors that `network` takes."""
        state = self._skeleton.state_dict()
        return {n: tuple(t.shape) for n, t in state.items() if "num_batches_tracked" not in n}

    def network(self, state: Mapping[str, Tensor] | None) -> nn.Sequential:
        """Build the chain with the tensors of `state`, which become its own.

        None draws random weights from torch's global generator (seed it first).

        Raises
        ------
        RuntimeError
            If a tensor is missing, superfluous or of another shape (see `load_weights` for files).
        """
        import torch

        if state is None:
            return self.build().to(memory_format=torch.channels_last)
        with torch.device("meta"):  # no memory for what is replaced
            chain = self.build()
        chain.load_state_dict(dict(state), strict=True, assign=True)
        return chain.to(memory_format=torch.channels_last)

    @cached_property
    def _skeleton(self) -> nn.Sequential:
        """The chain without numbers."""
        import torch

        with torch.device("meta"):
            return self.build().eval()

    def _shape_after(self, blocks: int, image_size: int) -> tuple[int, ...]:
        import torch

        x = torch.empty(1, 3, image_size, image_size, device="meta")
        return tuple(self._skeleton[:blocks](x).shape[1:])


def backbone(
    half: str, min_size: int = 32, dropout: float = 0.0
) -> Callable[[Callable[..., nn.Sequential]], Callable[..., nn.Sequential]]:
    """Register a function that builds a chain of blocks; use it as a decorator.

    The function's name is what ``--backbone`` asks for. See `Backbone` for what it returns and for
    the arguments.

    Raises
    ------
    ValueError
        If the name is taken.
    """

    def register(build: Callable[..., nn.Sequential]) -> Callable[..., nn.Sequential]:
        add(Backbone(build.__name__, build, half, min_size, dropout))
        return build

    return register


def add(one: Backbone) -> None:
    """Register a backbone.

    Raises
    ------
    ValueError
        If the name is taken.
    """
    other = _backbones.get(one.name)
    if other is not None and other.build.__module__ != one.build.__module__:
        raise ValueError(
            f"there is a backbone {one.name!r} already, in {other.file.name}; give the one in "
            f"{one.file.name} another function name"
        )
    _backbones[one.name] = one


def forget(module: str) -> None:
    """Take the backbones of a module out."""
    for name in [n for n, one in _backbones.items() if one.build.__module__ == module]:
        del _backbones[name]


def backbones() -> dict[str, Backbone]:
    """Return all backbones by name: the one that the harness is for, then those that users bring.

    The first is registered by `benchmark.model.inception_v3`.
    """
    import benchmark.model.inception_v3  # noqa: F401 - registers it

    return dict(_backbones)


def find_backbone(name: str) -> Backbone:
    """Return a backbone by name.

    Raises
    ------
    ValueError
        If there is none, naming those that there are.
    """
    known = backbones()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"unknown backbone {name!r}.{hint} Known: {', '.join(known)}; bring another in a "
            "Python file with --plugin"
        )
    return known[name]
