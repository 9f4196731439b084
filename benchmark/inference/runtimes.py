"""Write a model for other runtimes: ONNX, and torch's own exported programs."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.inference.model_info import ModelInfo
from benchmark.inference.program import Program
from benchmark.inference.trained_network import load_layers
from benchmark.model.registry import find_backbone
from benchmark.storage.atomic import atomic

ONNX, PT2 = "model.onnx", "model.pt2"
INPUT, OUTPUTS = "images", ["probabilities", "class"]


def build_program(
    info: ModelInfo,
    tensors: Sequence[Mapping[str, Tensor]],
    heads: Sequence[nn.Module],
    rule: Any | None,
) -> Program:
    """Return a model as one module on the CPU, in float32."""
    networks = [
        load_layers(find_backbone(network.backbone), head, state)
        for network, head, state in zip(info.networks, heads, tensors, strict=True)
    ]
    program = Program(networks, heads, rule, info.preprocessing.image_size)
    return program.eval().requires_grad_(False)


def write_programs(
    program: Program, info: ModelInfo, folder: Path, names: Iterable[str]
) -> dict[str, str]:
    """Write a program as ONNX, PT2 or both; return the files' names and their sha256."""
    writers = {ONNX: write_onnx, PT2: write_pt2}
    hashes = {}
    for name in sorted(names):
        writers[name](program, info, folder / name)
        hashes[name] = sha256((folder / name).read_bytes()).hexdigest()
    return hashes


def write_onnx(program: Program, info: ModelInfo, file: Path) -> None:
    """Write a program as an ONNX graph; ModuleNotFoundError without what it takes."""
    onnx = require_onnx()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        exported = torch.onnx.export(
            program,
            (_example(info),),
            dynamo=True,
            input_names=[INPUT],
            output_names=OUTPUTS,
            dynamic_shapes=_dynamic_shapes(),
            external_data=False,
            verbose=False,
        )
    assert exported is not None
    model = exported.model_proto
    classes = json.dumps([each.name for each in info.classes], ensure_ascii=False)
    onnx.helper.set_model_props(model, {"classes": classes, "strategy": info.strategy})
    with atomic(file) as temporary:
        temporary.write_bytes(model.SerializeToString())


def require_onnx() -> Any:
    """Return the package onnx; ModuleNotFoundError says how to install what is missing."""
    try:
        import_module("onnxscript")  # torch's exporter needs it
        return import_module("onnx")
    except ImportError as error:
        needed = "ONNX needs the packages onnx and onnxscript: pip install 'imbalance-bench[onnx]'"
        raise ModuleNotFoundError(needed) from error


def write_pt2(program: Program, info: ModelInfo, file: Path) -> None:
    """Write a program for `torch.export.load`, which needs torch alone."""
    exported = torch.export.export(program, (_example(info),), dynamic_shapes=_dynamic_shapes())
    content = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about tensors that share memory
        torch.export.save(exported, content)
    with atomic(file) as temporary:
        temporary.write_bytes(content.getbuffer())


def _example(info: ModelInfo) -> Tensor:
    """Return images of another size than the network's, two of them: no dimension is fixed."""
    side = info.preprocessing.image_size
    return torch.zeros(2, side + 3, side + 5, 3, dtype=torch.uint8)


def _dynamic_shapes() -> tuple[dict[int, Any]]:
    names = ("batch", "height", "width")
    return ({axis: torch.export.Dim(name) for axis, name in enumerate(names)},)
