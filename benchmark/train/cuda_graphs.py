"""The trained blocks as CUDA graphs: one launch a pass, where step by step there are a thousand.

At 299 px and 64 images an H200 does a step of the second half in 10 ms, and one core needs 27 ms to
launch its kernels. What a strategy brings (loss, head, mixing) stays outside: it may do
what no graph can hold.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from benchmark.model.network import Network
from benchmark.system.memory import release_memory


class CudaGraphRunner:
    """Features of a network in training, from graphs for inputs of one shape, eager for any other.

    Which blocks are trained is that of the moment in which the graphs were captured. A gradient
    lies where the next backward pass will write: it is to be used, and dropped, before that.

    Parameters
    ----------
    network
        In training mode. Its batch-norm statistics are afterwards what they were before.
    x
        Inputs (B, C, H, W) of the suffix, like all that are to come.
    dtype
        bfloat16, for autocast, or float32.
    """

    def __init__(self, network: Network, x: Tensor, dtype: torch.dtype) -> None:
        self.network = network
        self.like = (x.shape, x.dtype)
        self.blocks = _captured(network.suffix, x, dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """Inputs -> features (B, D) float32, see `Network.features`."""
        if self.blocks is None or (x.shape, x.dtype) != self.like:
            return self.network.features(x)
        return self.blocks(x).float()


def _captured(suffix: nn.Sequential, x: Tensor, dtype: torch.dtype) -> nn.Sequential | None:
    """Return the same blocks in a container that replays graphs; None where that can't be had."""
    if not x.is_cuda or not any(p.requires_grad for p in suffix.parameters()):
        return None
    blocks = nn.Sequential(OrderedDict(suffix.named_children()))
    # the graphs cast weights anew at every replay: a cast that was cached would be an old one
    autocast = torch.autocast(
        x.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16, cache_enabled=False
    )
    # nodes that add up gradients are of the capture's stream: an event more to wait for, no fault
    warnings.filterwarnings("ignore", "The AccumulateGrad node's stream")
    try:
        with _unchanged(suffix), autocast:
            torch.cuda.make_graphed_callables(blocks, (x.clone(),))
    except RuntimeError:  # no memory for them, or a driver that can't: eager is only slower
        release_memory()
        return None
    return blocks


@contextmanager
def _unchanged(module: nn.Module) -> Iterator[None]:
    """Restore buffers in place: warming up moves the averages of batch norm."""
    before = [(buffer, buffer.clone()) for buffer in module.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, values in before:
                buffer.copy_(values)
