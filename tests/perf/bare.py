"""The upper bound: a loop over ready activations, without any part of the harness.

    python bare.py FOLDER WEIGHTS.safetensors [--device cuda]

`bare` trains the second half of torchvision's network on activations in memory. The harness trains
the same on the same images in the same process. The two take turns, and each pair of slices gives
a ratio. Both have one thread (on a CPU the harness trains one network a core), the same batch size
and the same precision. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import inception_v3

SUFFIX = ("Mixed_6c", "Mixed_6d", "Mixed_6e", "Mixed_7a", "Mixed_7b", "Mixed_7c")
MOST_IMAGES = 4096  # whose activations are held


def suffix_of(weights: str | None) -> list[nn.Module]:
    """Return the blocks of the second half, pretrained, or with random numbers."""
    whole = inception_v3(weights=None, aux_logits=False, init_weights=False, transform_input=False)
    if weights:
        state = {k: v for k, v in load_file(weights).items() if not k.startswith(("fc.", "Aux"))}
        whole.load_state_dict(state, strict=False)
    return [getattr(whole, name) for name in SUFFIX]


def bare(
    activations: Tensor,
    labels: Tensor,
    blocks: Sequence[nn.Module],
    *,
    batch: int,
    dtype: torch.dtype,
    device: torch.device,
) -> Callable[[int], None]:
    """Return a function that trains so many more steps.

    Activations (N, C, H, W) and labels (N,) are on the device; the pooling is not in `blocks`.
    """
    classes = int(labels.max()) + 1
    rows = activations.permute(0, 2, 3, 1).contiguous()  # (N, C, H, W) -> (N, H, W, C)
    body = nn.Sequential(*blocks).to(device, memory_format=torch.channels_last).train()
    head = nn.Sequential(nn.Dropout(), nn.Linear(2048, classes)).to(device)
    optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=1e-4, fused=True)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16)
    order = torch.randperm(len(labels), device=device)
    at = 0

    def train(steps: int) -> None:
        nonlocal order, at
        for _ in range(steps):
            if at + batch > len(order):
                order, at = torch.randperm(len(labels), device=device), 0
            chosen = order[at : at + batch]
            at += batch
            x = rows.index_select(0, chosen).permute(0, 3, 1, 2)  # -> (B, C, H, W)
            with autocast:
                x = body(x)
            features = x.mean((2, 3), dtype=torch.float32)  # (B, 2048, H, W) -> (B, 2048)
            loss = nn.functional.cross_entropy(head(features), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return train


def in_turn(
    first: Callable[[int], None],
    second: Callable[[int], None],
    slices: int,
    steps: int,
    batch: int,
) -> list[tuple[float, float]]:
    """Time slices of steps A B, A B, ...; return images a second of each pair."""

    def speed(train: Callable[[int], None]) -> float:
        begun = time.perf_counter()
        train(steps)
        return steps * batch / (time.perf_counter() - begun)

    for train in (first, second):
        train(3)  # allocations, choice of algorithms
    return [(speed(first), speed(second)) for _ in range(slices)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both and print the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder")
    parser.add_argument("weights")
    parser.add_argument("--image-size", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--slices", type=int, default=7)
    parser.add_argument("--steps", type=int, help="of a slice; 8 on a CPU, 100 on a GPU")
    options = parser.parse_args(arguments)

    from benchmark.execution.frozen_layers import run_frozen_layers
    from benchmark.execution.prepare import prepare
    from benchmark.system.device import set_precision
    from benchmark.system.progress import NullProgress
    from tests.perf.segment import endless, experiment_of

    prepared = prepare(experiment_of(options))
    run_frozen_layers(prepared, [0], NullProgress())
    features, train = prepared.frozen_features, prepared.splits[0].train
    on_cpu = features.device.type == "cpu"
    if on_cpu:
        torch.set_num_threads(1)
    set_precision(prepared.device)
    chosen = train[:MOST_IMAGES]
    parts = np.array_split(chosen, max(1, len(chosen) // 256))
    activations = torch.cat([features.inputs(part) for part in parts])
    labels = torch.from_numpy(prepared.images.labels[chosen]).to(features.device)
    blocks = suffix_of(options.weights)
    shared = {
        "batch": options.batch_size,
        "dtype": prepared.device.dtype,
        "device": features.device,
    }
    steps = options.steps or (8 if on_cpu else 100)
    pairs = in_turn(
        endless(prepared, 0, options.batch_size),
        bare(activations, labels, blocks, **shared),
        options.slices,
        steps,
        options.batch_size,
    )
    print(
        json.dumps(
            {
                "pairs": [{"harness": harness, "bare": loop} for harness, loop in pairs],
                "share": median(harness / loop for harness, loop in pairs),
                "steps": steps,
                "images": len(chosen),
                "threads": torch.get_num_threads(),
                "precision": prepared.device.precision,
                "activations": f"{tuple(activations.shape[1:])}",
            }
        )
    )


if __name__ == "__main__":
    main()
