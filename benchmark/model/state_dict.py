"""Find a network's tensors in what a checkpoint holds, whatever they are wrapped in."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import torch
from torch import Tensor

from benchmark.model.file_format import NAMES_SHOWN, excerpt
from benchmark.model.weights_file import StandIn
from benchmark.system.text import first_names

Layout = Mapping[str, tuple[int, ...]]  # shapes of the network's tensors, by name
Leaves = Mapping[str, Tensor | StandIn]  # what a checkpoint holds, by name: 'model.fc.bias'

MOST_NESTED = 1000  # dicts and lists, one in another; a checkpoint has fewer than a hundred

_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_MODULE_PARTS = ("_parameters", "_buffers", "_modules")  # attributes of nn.Module
# wrappers of torch put these into a name, at any place
_WRAPPERS = re.compile(r"\b(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
# of a copy that is averaged over steps, or follows the network
_AVERAGES = re.compile(
    r"(?<![a-z])(ema|swa|avg|averaged?|shadow|teacher|momentum|target|k)\d*[._]", re.IGNORECASE
)
# the classifier, InceptionV3's second one, and counters that no computation here reads
_NEVER_USED = r"{}\.(weight|bias)$|AuxLogits\.|(.*\.)?num_batches_tracked$|n_averaged$"
_OPTIMIZER = re.compile(r"[^.]*(optim|sched|scaler)|opt\.|(.*\.)?state\.\d+\.", re.IGNORECASE)
# how a tensor is named in a network of another kind
_OTHER_NETWORKS = {
    r"layer1\.0\.(conv1|bn1)\.": "a ResNet",
    r"features\.denseblock1\.": "a DenseNet",
    r"inception3a\.": "GoogLeNet (Inception v1)",
    r"(mixed_5b\.branch0|repeat\.0\.branch0|block8)\.": "Inception-ResNet v2",
    r"features\.3\.(conv|branch1)\.": "Inception v4",
    r"\d+\.branch1x1\.conv\.": "InceptionV3 with numbers for the names of its blocks",
    r"InceptionV3/": "InceptionV3 by TensorFlow's names",
    r"(blocks\.0\.attn|encoder_layer_0|encoder\.layer\.0\.attention)\.": "a transformer",
    r"Mixed_5b\.branch1x1\.conv\.": "InceptionV3",
    r"(_?conv_stem|features\.0\.0)\.": "an EfficientNet, a MobileNet or a ConvNeXt",
    r"stages\.0\.(blocks\.)?0\.": "a ConvNeXt or a RegNet",
    r"features\.0\.weight": "a VGG or an AlexNet",
    r"model\.0\.conv\.": "a YOLO",
    r"state\.0\.(exp_avg|momentum_buffer|step)$": "the state of an optimizer",
}
_REMEDY = (  # also where one file is given for several backbones
    "give the --backbone that it is of, or --weights auto, which takes each backbone's own"
)


def closest_layout(content: Any, layouts: Sequence[Layout]) -> int:
    """Return the position of the layout whose names a file has most of, the first if it has none.

    The layouts are one network's, by the names of several authors.
    """
    if len(layouts) == 1:
        return 0
    leaves = _named_leaves(content)
    most = [max(_count_prefixes(leaves, layout).values(), default=0) for layout in layouts]
    return most.index(max(most))


def select_tensors(
    content: Any, layout: Layout, network: str, classifier: str = "fc"
) -> tuple[dict[str, Tensor], str]:
    """Return the network's tensors by the names of its layout, float32, and a note for the user.

    They may lie in dicts, lists and modules; their names may have a prefix. The note says which
    tensors are not used; it is '' if these are only known classifiers and an optimizer's.

    Parameters
    ----------
    content
        What the file holds, see `read_content`.
    layout
        Shapes of all tensors of the network, by name.
    network
        What has this layout, for messages.
    classifier
        The network's last layer, which is replaced.

    Raises
    ------
    ValueError
        If tensors are missing, can't be used, or are there several times with different values.
        The message goes on where "weights file PATH " ends.
    """
    leaves = _named_leaves(content)
    if not leaves:
        keys = _show([str(key) for key in content]) if isinstance(content, dict) else ""
        raise ValueError(f"holds a {type(content).__name__} without tensors{keys and f': {keys}'}")
    counts = _count_prefixes(leaves, layout)
    complete = [prefix for prefix, count in counts.items() if count == len(layout)]
    if complete:
        prefix = _choose(complete, leaves, layout)
    else:
        prefix = max(counts, key=counts.__getitem__, default="")
    inside = {n.removeprefix(prefix): v for n, v in leaves.items() if n.startswith(prefix)}
    never_used = re.compile(_NEVER_USED.format(classifier))
    network = f"{network}{prefix and f' under {_quote([prefix])}'}"
    _check_names(inside, layout, network, leaves, never_used)
    tensors = {name: _to_float32(name, inside[name], shape) for name, shape in layout.items()}
    copies = [p for p in complete if p != prefix and not _same(p, prefix, leaves, layout)]
    return tensors, _describe_unused(leaves, layout, prefix, copies, complete, never_used)


def _named_leaves(content: Any) -> Leaves:
    return {_WRAPPERS.sub("", name): value for name, value in _leaves(content)}


def _leaves(content: Any) -> Iterator[tuple[str, Tensor | StandIn]]:
    """Yield tensors and objects of foreign classes with their names: keys joined by dots."""
    visited: set[int] = set()
    waiting = [("", content, 0)]  # the next one last
    while waiting:
        name, value, depth = waiting.pop()
        if isinstance(value, Tensor):
            yield name, value
        elif id(value) in visited:  # the same object once more, perhaps within itself
            continue
        elif (children := _children(value)) is None:
            if isinstance(value, StandIn):
                yield name, value
        elif depth == MOST_NESTED and children:
            raise ValueError(
                f"holds dicts or lists nested more than {MOST_NESTED} deep, as no training writes "
                "them; save a dict of tensors by name, with torch.save"
            )
        elif children:
            visited.add(id(value))
            waiting += [
                (f"{name}.{key}" if name else str(key), child, depth + 1)
                for key, child in reversed(children)
            ]


def _children(value: Any) -> list[tuple[Any, Any]] | None:
    """Return what a value holds, with names; None for what is no dict, list or module."""
    if isinstance(value, StandIn) and isinstance(value.state, dict):
        children: list[tuple[Any, Any]] = []
        for key, part in value.state.items():
            is_part = key in _MODULE_PARTS and isinstance(part, dict)
            children += part.items() if is_part else [(key, part)]
        return children
    if isinstance(value, StandIn):
        return None
    if isinstance(value, Mapping):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list | tuple) else None


def _count_prefixes(leaves: Leaves, layout: Layout) -> Counter[str]:
    """Count the names of the layout that follow each prefix: 'module.' -> 470."""
    counts: Counter[str] = Counter()
    dots = max((name.count(".") for name in layout), default=0)
    for name in leaves:
        parts = name.rsplit(".", dots + 1)  # a name of the file may have a million dots
        tails = (".".join(parts[start:]) for start in range(len(parts)))
        counts.update(name.removesuffix(tail) for tail in tails if tail in layout)
    return counts


def _choose(prefixes: list[str], leaves: Leaves, layout: Layout) -> str:
    """Return the prefix of the network itself; ValueError if several might be."""
    plain = [prefix for prefix in prefixes if not _AVERAGES.search(prefix)] or prefixes
    different = [p for p in plain[1:] if not _same(p, plain[0], leaves, layout)]
    if different:
        raise ValueError(
            f"holds the network {len(plain)} times with different values, under {_quote(plain)}; "
            "save the tensors of one alone"
        )
    return plain[0]


def _same(first: str, second: str, leaves: Leaves, layout: Layout) -> bool:
    pairs = ((leaves[first + name], leaves[second + name]) for name in layout)
    return all(a is b or (_is_usable(a) and _is_usable(b) and a.equal(b)) for a, b in pairs)


def _check_names(
    inside: Collection[str],
    layout: Layout,
    network: str,
    leaves: Collection[str],
    never_used: re.Pattern[str],
) -> None:
    """Raise ValueError if tensors are missing, or a block has others than those of the layout."""
    blocks = {name.partition(".")[0] for name in layout}
    missing = [name for name in layout if name not in inside]
    unexpected = [
        name
        for name in inside
        if name not in layout
        and not never_used.match(name)
        and (missing or name.partition(".")[0] in blocks)
    ]
    if not missing and not unexpected:
        return
    kinds = (
        kind
        for pattern, kind in _OTHER_NETWORKS.items()
        if any(re.search(rf"(^|\.){pattern}", name) for name in leaves)
    )
    is_other = len(missing) == len(layout)
    looks = next((f", it looks like {kind}" for kind in kinds if is_other), "")
    lacking, other = _show(missing) or "none", _show(unexpected) or "none"
    remedy = f"; {_REMEDY}" if is_other else ""
    raise ValueError(f"is no {network}{looks}: {lacking} missing, {other} unexpected{remedy}")


def _to_float32(name: str, value: Tensor | StandIn, shape: tuple[int, ...]) -> Tensor:
    """Return a copy in float32: a file may be mapped, and these tensors will be trained."""
    if not _is_usable(value) or value.shape != shape:
        raise ValueError(
            f"can't be used: {name} is {_describe(value)}; "
            f"it must be a floating point tensor {shape}, of 16 bits or more"
        )
    tensor = value.detach().to(torch.float32, copy=True).contiguous()
    check_numbers(name, tensor)
    return tensor


def check_numbers(name: str, tensor: Tensor) -> None:
    """Raise ValueError if a tensor holds what no network can be trained from."""
    if not tensor.isfinite().all():
        raise ValueError(f"can't be used: {name} holds NaN or infinity")
    if name.endswith("running_var") and (tensor < 0).any():
        raise ValueError(f"can't be used: {name} holds a negative variance")


def _is_usable(value: Tensor | StandIn) -> TypeGuard[Tensor]:
    """Whether a value is a plain tensor of floating point numbers."""
    return (
        isinstance(value, Tensor)
        and value.dtype in _FLOATS
        and value.layout == torch.strided
        and not value.is_nested
        and not value.is_meta
    )


def _describe(value: Tensor | StandIn) -> str:
    if isinstance(value, StandIn):
        kind = type(value).__name__
        return "an array of NumPy" if kind.startswith("numpy.") else f"a {excerpt(kind)}"
    if value.is_nested or value.is_meta or value.layout != torch.strided:
        return "a tensor that is sparse, nested or without numbers"
    return f"{value.dtype} {tuple(value.shape)}"


def _describe_unused(
    leaves: Leaves,
    layout: Layout,
    prefix: str,
    copies: list[str],
    complete: list[str],
    never_used: re.Pattern[str],
) -> str:
    """Return a note on other copies of the network, and on tensors that are not its own."""
    own = {p + name for p in complete for name in layout}
    prefixes = tuple(complete)
    unused = [
        name
        for name, value in leaves.items()
        if isinstance(value, Tensor)
        and name not in own
        and not _OPTIMIZER.match(name)
        and not any(never_used.match(name.removeprefix(p)) for p in prefixes)
    ]
    notes = []
    if copies:
        notes.append(f"the network under {_quote([prefix])} is used, not {_quote(copies)}")
    if unused:
        notes.append(f"tensors that are no part of the network are not used: {_show(unused)}")
    return "; ".join(notes)


def _quote(prefixes: list[str]) -> str:
    return _show([repr(prefix.removesuffix(".")) if prefix else "no prefix" for prefix in prefixes])


def _show(names: list[str]) -> str:
    return excerpt(first_names(names, NAMES_SHOWN))
