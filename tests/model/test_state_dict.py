"""Where a network's tensors lie in a checkpoint, and how they are told from what lies beside."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmark.model.state_dict import select_tensors

SHAPES = {
    "stem.conv.weight": (4, 3, 3, 3),
    "stem.bn.weight": (4,),
    "stem.bn.running_var": (4,),
    "tail.conv.weight": (6, 4, 1, 1),
}


def state(value: float = 1.0, prefix: str = "") -> dict[str, Any]:
    """The tensors of a small network, each filled with one number."""
    return {prefix + name: torch.full(shape, value) for name, shape in SHAPES.items()}


HEAD = {"fc.weight": torch.ones(7, 6), "fc.bias": torch.ones(7)}
OPTIMIZER = {
    "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.ones(4)}},
    "param_groups": [{"lr": 0.1, "params": [0, 1]}],
}

WRAPPED: dict[str, Callable[[], Any]] = {
    "as it is": state,
    "with its head": lambda: state() | HEAD,
    "OrderedDict": lambda: OrderedDict(state()),
    "parameters": lambda: {name: nn.Parameter(tensor) for name, tensor in state().items()},
    "counters": lambda: state() | {"stem.bn.num_batches_tracked": torch.tensor(3)},
    "second classifier": lambda: state() | {"AuxLogits.fc.weight": torch.ones(7, 8)},
    "other order": lambda: dict(reversed(state().items())),
    "state_dict": lambda: {"state_dict": state(), "epoch": 3, "best_acc1": torch.tensor(0.9)},
    "model_state_dict": lambda: {"model_state_dict": state(), "optimizer_state_dict": OPTIMIZER},
    "state_dict_ema": lambda: {"epoch": 3, "state_dict_ema": state()},
    "model": lambda: {"model": state(), "optimizer": OPTIMIZER, "lr_scheduler": {"last": 3}},
    "model_ema": lambda: {"model_ema": state()},
    "net": lambda: {"net": state(), "acc": 91.2, "epoch": 3},
    "network": lambda: {"network": state()},
    "weights": lambda: {"weights": state()},
    "params": lambda: {"params": state()},
    "any other key": lambda: {"mine, of May": state()},
    "two levels": lambda: {"checkpoint": {"state_dict": state(), "args": None}},
    "a list": lambda: [state(), OPTIMIZER],
    "a tuple": lambda: (3, state()),
    "nested blocks": lambda: {
        "stem": {"conv": {"weight": torch.ones(4, 3, 3, 3)}, "bn": {"weight": torch.ones(4)}},
        "stem.bn.running_var": torch.ones(4),
        "tail": {"conv": {"weight": torch.ones(6, 4, 1, 1)}},
    },
    "DataParallel": lambda: state(prefix="module."),
    "DataParallel in state_dict": lambda: {"state_dict": state(prefix="module."), "epoch": 3},
    "Lightning": lambda: {
        "state_dict": state(prefix="model.") | {"model.fc.bias": torch.ones(7)},
        "optimizer_states": [OPTIMIZER],
        "lr_schedulers": [{"last_epoch": 3}],
        "hyper_parameters": {"lr": 0.1},
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.9)}},
        "pytorch-lightning_version": "2.1",
    },
    "backbone.": lambda: state(prefix="backbone."),
    "encoder.": lambda: state(prefix="encoder."),
    "net.": lambda: state(prefix="net."),
    "inception.": lambda: state(prefix="inception."),
    "compiled": lambda: state(prefix="_orig_mod."),
    "compiled and parallel": lambda: state(prefix="_orig_mod.module."),
    "parallel and compiled": lambda: state(prefix="module._orig_mod."),
    "compiled in Lightning": lambda: {"state_dict": state(prefix="model._orig_mod.")},
    "compiled block by block": lambda: {
        name.replace(".", "._orig_mod.", 1): tensor for name, tensor in state().items()
    },
    "sharded": lambda: {
        name.replace("stem.", "stem._fsdp_wrapped_module."): tensor
        for name, tensor in state(prefix="_fsdp_wrapped_module.").items()
    },
    "four words": lambda: {"state_dict": state(prefix="module.model.backbone.net.")},
    "averaged": lambda: state(prefix="module.") | {"n_averaged": torch.tensor(3)},
    "half": lambda: {name: tensor.half() for name, tensor in state().items()},
    "bfloat16": lambda: {name: tensor.bfloat16() for name, tensor in state().items()},
    "double": lambda: {name: tensor.double() for name, tensor in state().items()},
    "channels last": lambda: {
        name: t.to(memory_format=torch.channels_last) if t.ndim == 4 else t
        for name, t in state().items()
    },
    "twice the same": lambda: state(prefix="backbone.") | state(prefix="features."),
    "the same object twice": lambda: dict.fromkeys(("model", "best"), state()),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_the_tensors_are_found(name: str) -> None:
    tensors, note = select_tensors(WRAPPED[name](), SHAPES, "a network")
    assert list(tensors) == list(SHAPES)
    for tensor, expected in zip(tensors.values(), state().values(), strict=True):
        assert tensor.is_contiguous()
        assert not tensor.requires_grad
        torch.testing.assert_close(tensor, expected)
    allowed = {"state_dict": "best_acc1", "Lightning": "callbacks.ModelCheckpoint.best_model_score"}
    assert note.endswith(allowed.get(name, "")), note
    assert bool(note) == (name in allowed)


def test_they_are_copies() -> None:
    content = state()
    tensors, _ = select_tensors(content, SHAPES, "a network")
    tensors["stem.bn.weight"] += 1
    assert torch.equal(content["stem.bn.weight"], torch.ones(4))


@pytest.mark.parametrize(
    ("beside", "names"),
    [
        ({"fc.0.weight": torch.ones(9, 6)}, "fc.0.weight"),
        ({"last_linear.weight": torch.ones(9), "last_linear.bias": torch.ones(9)}, "last_linear.w"),
        ({"classifier.weight": torch.ones(9)}, "classifier.weight"),
        ({"heads.head.weight": torch.ones(9)}, "heads.head.weight"),
        ({"criterion.weight": torch.ones(9)}, "criterion.weight"),
    ],
    ids=["sequential", "last_linear", "classifier", "heads", "criterion"],
)
@pytest.mark.parametrize("prefix", ["", "model."])
def test_what_is_not_used_is_named(beside: dict[str, Tensor], names: str, prefix: str) -> None:
    content = state(prefix=prefix) | {prefix + name: tensor for name, tensor in beside.items()}
    _, note = select_tensors(content, SHAPES, "a network")
    assert note.startswith(f"tensors that are no part of the network are not used: {prefix}{names}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("state_dict.", "state_dict_ema."),
        ("model.", "model_ema."),
        ("model.", "ema."),
        ("model.", "ema_model.module."),
        ("student.", "teacher."),
        ("encoder_q.", "encoder_k."),
        ("net.", "swa."),
        ("", "averaged_model."),
    ],
)
def test_the_network_itself_is_used_and_not_its_average(first: str, second: str) -> None:
    content = state(2.0, second) | state(1.0, first)
    tensors, note = select_tensors(content, SHAPES, "a network")
    assert torch.equal(tensors["stem.bn.weight"], torch.ones(4))
    assert f"not {second[:-1]!r}" in note


def test_two_networks_are_ambiguous() -> None:
    content = {"model": state(1.0), "best_model": state(2.0)}
    with pytest.raises(
        ValueError, match=r"2 times .*under 'model', 'best_model'; save the tensors"
    ):
        select_tensors(content, SHAPES, "a network")


BIAS, OTHER = "stem.bn.weight", torch.ones(4)
REFUSED: dict[str, tuple[Any, str]] = {
    "number": (3, "holds a int without tensors"),
    "list": ([1, 2, 3], "holds a list without tensors"),
    "empty": ({}, "holds a dict without tensors$"),
    "settings": ({"lr": 0.1, "epoch": 3}, "holds a dict without tensors: lr, epoch"),
    "optimizer": (OPTIMIZER, "is no a network, it looks like the state of an optimizer"),
    "missing": (
        {name: tensor for name, tensor in state().items() if name != BIAS},
        r"is no a network: stem\.bn\.weight missing, none unexpected",
    ),
    "missing in a wrapper": (
        {"model": {f"module.{n}": t for n, t in state().items() if n != BIAS}},
        r"a network under 'model\.module': stem\.bn\.weight missing, none unexpected",
    ),
    "another block": (
        state() | {"stem.gate.weight": OTHER},
        r"none missing, stem\.gate\.weight une",
    ),
    "ResNet": (
        {"module.conv1.weight": OTHER, "module.layer1.0.conv1.weight": OTHER},
        r"it looks like a ResNet: stem\.conv\.weight, .* missing, module\.conv1\.weight, .* unexp",
    ),
    "numbered blocks": ({"0.conv.weight": OTHER, "7.branch1x1.conv.weight": OTHER}, "with numbers"),
    "GoogLeNet": ({"inception3a.branch1.conv.weight": OTHER}, r"GoogLeNet \(Inception v1\)"),
    "shape": (state() | {BIAS: torch.ones(7)}, r"bn\.weight is torch\.float32 \(7,\).*\(4,\)"),
    "integers": (state() | {BIAS: OTHER.int()}, r"torch\.int32 .*floating point"),
    "complex": (state() | {BIAS: OTHER.to(torch.complex64)}, r"complex64 .*floating point"),
    "eight bits": (state() | {BIAS: OTHER.to(torch.float8_e4m3fn)}, "float8_e4m3fn"),
    "sparse": (state() | {BIAS: OTHER.to_sparse()}, "sparse, nested or without numbers"),
    "meta": (state() | {BIAS: OTHER.to("meta")}, "without numbers"),
    "NaN": (state() | {BIAS: OTHER * torch.nan}, r"stem\.bn\.weight holds NaN or infinity"),
    "too large": (state() | {BIAS: OTHER.double() * 1e300}, "holds NaN or infinity"),
    "variance": (state() | {"stem.bn.running_var": -OTHER}, "negative variance"),
    "hostile": ({"a\n\x1b[1mb": OTHER}, r"a\\n\\x1b\[1mb unexpected"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_others_are_refused_in_one_line(name: str) -> None:
    content, message = REFUSED[name]
    with pytest.raises(ValueError, match=message) as error:
        select_tensors(content, SHAPES, "a network")
    assert str(error.value).isprintable()


def test_a_checkpoint_that_holds_itself_is_read() -> None:
    content: dict[str, Any] = {"model": state()}
    content["self"] = content
    assert select_tensors(content, SHAPES, "a network")[1] == ""


def test_a_checkpoint_may_be_nested_but_not_without_end() -> None:
    content: dict[str, Any] = state()
    for _ in range(900):
        content = {"a": content}
    assert select_tensors(content, SHAPES, "a network")[1] == ""
    for _ in range(2100):
        content = {"a": content}
    with pytest.raises(ValueError, match="nested more than 1000 deep"):
        select_tensors(content, SHAPES, "a network")


def test_a_name_of_a_million_dots_is_a_name() -> None:
    content = state() | {"a." * 1_000_000: OTHER}
    assert "not used" in select_tensors(content, SHAPES, "a network")[1]
