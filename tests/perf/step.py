"""Time a training step of the second half: eager, as CUDA graphs, compiled.

    python step.py [--device cuda] [--image-size 299] [--steps 200]

Activations are random numbers in memory, the optimizer is fused Adam. For each way the script
measures the seconds before steps are steady (capturing, compiling) and the seconds of a steady
step; from these it computes after how many steps the way has overtaken eager. A way that fails is
reported with its error. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from statistics import median

import torch
from bare import suffix_of
from torch import Tensor, nn
from torch.cuda import Stream as CudaStream

CHANNELS, CLASSES, IMAGES = 768, 17, 512
Step = Callable[[Tensor, Tensor], None]
SLICES = 5


def eager(body: nn.Module, head: nn.Module, bf16: bool, device: torch.device) -> Step:
    """Return a plain step: x (B, C, H, W), labels (B,)."""
    parameters = [*body.parameters(), *head.parameters()]
    on_gpu = device.type == "cuda"
    optimizer = torch.optim.Adam(parameters, lr=1e-4, fused=True, capturable=on_gpu)

    def step(x: Tensor, labels: Tensor) -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            x = body(x)
        logits = head(x.mean((2, 3), dtype=torch.float32))  # (B, 2048, H, W) -> (B, 2048)
        loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def captured(body: nn.Module, head: nn.Module, bf16: bool, device: torch.device) -> Step:
    """Return a step that replays one CUDA graph on inputs at fixed addresses."""
    if device.type != "cuda":
        raise RuntimeError("CUDA graphs need a GPU")
    plain = eager(body, head, bf16, device)
    static: dict[str, Tensor] = {}
    graph = torch.cuda.CUDAGraph()

    def step(x: Tensor, labels: Tensor) -> None:
        if not static:
            static.update(x=x.clone(memory_format=torch.preserve_format), labels=labels.clone())
            side_stream = CudaStream()
            side_stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side_stream):
                for _ in range(3):
                    plain(static["x"], static["labels"])
            torch.cuda.current_stream().wait_stream(side_stream)
            with torch.cuda.graph(graph):
                plain(static["x"], static["labels"])
        static["x"].copy_(x)
        static["labels"].copy_(labels)
        graph.replay()

    return step


def graphed_passes(body: nn.Module, head: nn.Module, bf16: bool, device: torch.device) -> Step:
    """Return a step whose two passes through the blocks are graphs, as in the harness."""
    if device.type != "cuda":
        raise RuntimeError("CUDA graphs need a GPU")
    graphed: list[Step] = []

    def step(x: Tensor, labels: Tensor) -> None:
        if not graphed:
            like = x.clone(memory_format=torch.preserve_format)
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16, cache_enabled=False):
                graphed.append(
                    eager(torch.cuda.make_graphed_callables(body, (like,)), head, bf16, device)
                )
        graphed[0](x, labels)

    return step


def compiled(mode: str) -> Callable[[nn.Module, nn.Module, bool, torch.device], Step]:
    """Return a maker of steps whose network is compiled."""

    def make(body: nn.Module, head: nn.Module, bf16: bool, device: torch.device) -> Step:
        return eager(torch.compile(body, mode=mode), head, bf16, device)  # type: ignore[arg-type]

    return make


WAYS = {
    "eager": eager,
    "eager, tuned": eager,  # cuDNN tries its algorithms
    "graphs of two passes": graphed_passes,
    "graphs of two passes, tuned": graphed_passes,
    "one graph": captured,
    "one graph, tuned": captured,
    "compile": compiled("default"),
    "compile reduce-overhead": compiled("reduce-overhead"),
}


def measure(name: str, options: argparse.Namespace, device: torch.device) -> dict[str, float]:
    """Return seconds until steady, and seconds a steady step."""
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = name.endswith("tuned")
    body = nn.Sequential(*suffix_of(options.weights))
    body = body.to(device, memory_format=torch.channels_last).train()
    head = nn.Sequential(nn.Dropout(), nn.Linear(2048, CLASSES)).to(device)
    side = (options.image_size - 43) // 16 + 1  # of the map after Mixed_6b
    dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32
    rows = torch.randn(IMAGES, side, side, CHANNELS, device=device).relu().to(dtype)
    labels = torch.randint(CLASSES, (IMAGES,), device=device)
    step = WAYS[name](body, head, options.precision == "bf16", device)

    def run(steps: int) -> float:
        begun = time.perf_counter()
        for _ in range(steps):
            chosen = torch.randint(IMAGES, (options.batch_size,), device=device)
            # (B, H, W, C) -> (B, C, H, W), channels-last
            step(rows.index_select(0, chosen).permute(0, 3, 1, 2), labels[chosen])
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - begun

    first = run(4)
    steady = median(run(options.steps) / options.steps for _ in range(SLICES))
    return {"warm_up": max(0.0, first - 4 * steady), "step": steady}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all ways and print the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--weights", help="default: random numbers")
    parser.add_argument("--image-size", type=int, default=299)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--steps", type=int, default=40, help="of a slice")
    parser.add_argument("--ways", default=";".join(WAYS))
    options = parser.parse_args(arguments)
    device = torch.device(options.device)
    results: dict[str, dict[str, float | str]] = {}
    for name in options.ways.split(";"):
        try:
            results[name] = dict(measure(name, options, device))
        except Exception as error:  # a way that fails is a result too
            results[name] = {"failed": f"{type(error).__name__}: {error}"[:300]}
        torch.compiler.reset()
    base = results.get("eager", {})
    for name, result in results.items():
        if name != "eager" and "step" in result and "step" in base:
            gain = float(base["step"]) - float(result["step"])
            behind = float(result["warm_up"]) - float(base["warm_up"])
            result["overtakes_after"] = max(0, round(behind / gain)) if gain > 0 else "never"
    print(json.dumps(results))


if __name__ == "__main__":
    main()
