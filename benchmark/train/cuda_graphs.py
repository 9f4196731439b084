"""The layers of a step as CUDA graphs: one launch a pass instead of a thousand.

At 299 px and 64 images an H200 computes a step of the second half in 10 ms, and one core needs
27 ms to launch its kernels; images that are altered in the step took 20 ms more, to launch those of
the frozen layers. The components of a strategy (loss, head, mixing) stay outside the graphs,
because they may do what no graph can hold.
"""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.model.network import Network
from benchmark.system.memory import release_memory

STEPS_THAT_PAY = 20  # a capture takes .15 s and saves 17 ms a step (H200, 299 px, 64 images)
SIZES = 4  # of the graphs of frozen layers: a quarter of a batch and its multiples


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
        with _captures_on(x.device), autocast:
            torch.cuda.make_graphed_callables(blocks, (x.clone(),))
    except RuntimeError:  # too little memory, or a driver without graphs: eager is only slower
        release_memory()
        return None
    finally:  # in place: the warm-up has moved the averages of batch norm
        with torch.no_grad():
            for buffer, values in buffers:
                buffer.copy_(values)
    return blocks


class ForwardGraphs:
    """A forward pass through frozen layers, for images that are altered anew in every step.

    How many of a batch are altered differs from step to step. They are filled up to one of `SIZES`
    sizes, each of which is captured when it is first met. The rows that fill up are left from
    before: no row depends on another one. On a CPU the pass is called as it is.
    """

    def __init__(self, forward: Callable[[Tensor], Tensor], batch_size: int) -> None:
        self._forward, self._batch_size = forward, batch_size
        self._passes: dict[tuple[int, torch.dtype], _ForwardPass] = {}
        self._pool: tuple[int, int] | None = (
            None  # memory that the graphs share: one runs at a time
        )
        self._is_released = False

    def __call__(self, images: Tensor) -> Tensor:
        """Return what `forward` does for images (B, 3, H, W), in new memory."""
        if not images.is_cuda or self._is_released:
            return self._forward(images)
        part = -(-self._batch_size // SIZES)
        size = max(len(images), min(-(-len(images) // part) * part, self._batch_size))
        kind = (size, images.dtype)
        if kind not in self._passes:
            self._pool = self._pool or torch.cuda.graph_pool_handle()
            self._passes[kind] = _ForwardPass.capture(self._forward, images, size, self._pool)
        return self._passes[kind](images)

    def release(self) -> None:
        """Free the memory of the graphs; from now on the pass is called as it is."""
        self._passes.clear()
        self._is_released = True


@dataclass(frozen=True)
class _ForwardPass:
    """A forward pass for one number of images."""

    forward: Callable[[Tensor], Tensor]
    images: Tensor  # (B, 3, H, W), which the graph reads
    graph: torch.cuda.CUDAGraph | None = None  # None: capturing failed, eager is only slower
    output: Tensor | None = None  # (B, ...), which the graph writes

    @classmethod
    def capture(
        cls, forward: Callable[[Tensor], Tensor], like: Tensor, size: int, pool: Any
    ) -> "_ForwardPass":
        """Return a pass for `size` images, whose rows are of the shape and type of `like`."""
        repeats = -(-size // len(like))
        images = torch.cat([like] * repeats)[:size].contiguous(memory_format=torch.channels_last)
        graph = torch.cuda.CUDAGraph()
        try:
            with _captures_on(images.device):
                forward(images.clone())  # no capture may load a library
                with torch.cuda.graph(graph, pool):
                    output = forward(images.clone())  # it may change what it is given
        except RuntimeError:  # as of the trained blocks
            release_memory()
            return cls(forward, images)
        return cls(forward, images, graph, output)

    def __call__(self, images: Tensor) -> Tensor:
        self.images[: len(images)].copy_(images)
        if self.graph is None or self.output is None:
            return self.forward(self.images.clone())[: len(images)]
        self.graph.replay()
        return self.output[: len(images)].clone()  # the next replay writes there


@contextmanager
def _captures_on(device: torch.device) -> Iterator[None]:
    """Capture on the GPU whose tensors are used, which need not be the first.

    torch captures all graphs on one stream, that of the GPU of the first capture: on another one
    nothing would be recorded. And if a capture fails, it goes on to compute on that stream.
    """
    captures = torch.cuda.graph
    stream = captures.default_capture_stream
    if stream is not None and stream.device != device:
        captures.default_capture_stream = None
    with torch.cuda.device(device), torch.cuda.stream(torch.cuda.current_stream(device)):
        yield
