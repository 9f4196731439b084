"""The trained blocks as CUDA graphs: one launch a pass instead of a thousand.

At 299 px and 64 images an H200 computes a step of the second half in 10 ms, and one core needs
27 ms to launch its kernels. The components of a strategy (loss, head, mixing) stay outside the
graphs, because they may do what no graph can hold.
"""

import warnings
from collections import OrderedDict

import torch
from torch import Tensor, nn

from benchmark.model.network import Network
from benchmark.system.memory import release_memory

STEPS_THAT_PAY = 20  # a capture takes .15 s and saves 17 ms a step (H200, 299 px, 64 images)


class CudaGraphRunner:
    """Features of a network in training: graphs for inputs of one shape, eager for any other.

    The graphs train the blocks that were trainable when they were captured. A gradient lies where
    the next backward pass will write, so it must be used and dropped before that. The capture takes
    inputs `x` (B, C, H, W) of the suffix, and leaves batch-norm statistics as they were.
    """

    def __init__(self, network: Network, x: Tensor, dtype: torch.dtype) -> None:
        self.network = network
        self.shape_and_type = (x.shape, x.dtype)
        self.blocks = _capture(network.suffix, x, dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """Inputs -> features (B, D) float32, see `Network.features`."""
        if self.blocks is None or (x.shape, x.dtype) != self.shape_and_type:
            return self.network.features(x)
        return self.blocks(x).float()


def _capture(suffix: nn.Sequential, x: Tensor, dtype: torch.dtype) -> nn.Sequential | None:
    """Return the same blocks in a container that replays graphs; None where capturing fails."""
    if not x.is_cuda or not any(p.requires_grad for p in suffix.parameters()):
        return None
    blocks = nn.Sequential(OrderedDict(suffix.named_children()))
    # the graphs cast weights anew at every replay: a cast that was cached would be an old one
    autocast = torch.autocast(
        x.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16, cache_enabled=False
    )
    # nodes that accumulate gradients belong to the stream of the capture: one more event to wait
    # for, no fault
    warnings.filterwarnings("ignore", "The AccumulateGrad node's stream")
    buffers = [(buffer, buffer.clone()) for buffer in suffix.buffers()]
    try:
        with autocast:
            torch.cuda.make_graphed_callables(blocks, (x.clone(),))
    except RuntimeError:  # too little memory, or a driver without graphs: eager is only slower
        release_memory()
        return None
    finally:  # in place: the warm-up has moved the averages of batch norm
        with torch.no_grad():
            for buffer, values in buffers:
                buffer.copy_(values)
    return blocks
