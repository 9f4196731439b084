from __future__ import annotations

import copy
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import Inception3, inception_v3

from benchmark.model.inception_v3 import BLOCKS, INCEPTION_V3
from benchmark.model.network import IMAGES_AT_ONCE, Network, build_network, freeze, split


@pytest.fixture(scope="module")
def whole() -> Inception3:
    """torchvision's own network with weights and batch norm statistics that all matter."""
    torch.manual_seed(0)
    model = inception_v3(weights=None, num_classes=5, aux_logits=False, init_weights=False)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


@pytest.fixture(scope="module")
def chain(whole: Inception3) -> nn.Sequential:
    return build_network(
        INCEPTION_V3, {k: v for k, v in whole.state_dict().items() if not k.startswith("fc.")}
    ).eval()


def images(count: int, size: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=generator)


def error(actual: Tensor, expected: Tensor) -> float:
    """Largest difference, relative to the largest number."""
    return float((actual - expected).abs().max() / expected.abs().max())


def activations(count: int = 6) -> Tensor:
    """What enters Mixed_7b, (count, 1280, 3, 3)."""
    return torch.rand(count, 1280, 3, 3, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def network(chain: nn.Sequential) -> Network:
    """Mixed_7b, Mixed_7c, avgpool and a linear head."""
    torch.manual_seed(3)
    return Network(
        copy.deepcopy(split(chain, "Mixed_7b")[1]), nn.Linear(INCEPTION_V3.width, 5), 0.5
    )


@pytest.mark.parametrize(
    ("size", "cut"),
    [(299, "Mixed_6c"), (128, "head"), (75, "Mixed_7a"), (75, "avgpool"), (75, "Conv2d_1a_3x3")],
)
@torch.no_grad()
def test_prefix_suffix_head_equal_torchvision(
    whole: Inception3, chain: nn.Sequential, size: int, cut: str
) -> None:
    batch = images(1, size)
    prefix, suffix = split(chain, cut)
    network = Network(suffix, whole.fc, 0.5).eval()
    x = batch.float() / 127.5 - 1
    assert error(network.classify(network.features(prefix(x))), whole(x)) < 1e-5
    # and through the folded prefix
    assert error(network.classify(network.features(freeze(prefix)(batch))), whole(x)) < 1e-4


def test_split_cuts_before_the_named_block(chain: nn.Sequential) -> None:
    for position, first in enumerate((*BLOCKS, "head")):
        prefix, suffix = split(chain, first)
        assert tuple(dict(prefix.named_children())) == BLOCKS[:position]
        assert tuple(dict(suffix.named_children())) == BLOCKS[position:]
    with pytest.raises(ValueError, match=r"'Mixed_9z'.*Mixed_7c"):
        split(chain, "Mixed_9z")


def test_many_images_pass_in_parts_and_come_out_together(chain: nn.Sequential) -> None:
    prefix = freeze(split(chain, "Mixed_5b")[0])
    batch = images(IMAGES_AT_ONCE * 2 + 1, 75)
    actual = prefix(batch)
    assert actual.is_contiguous(memory_format=torch.channels_last)
    assert error(actual, torch.cat([prefix(image[None]) for image in batch])) < 1e-5


def test_a_cpu_computes_few_different_batch_sizes() -> None:
    batch_sizes = set()

    class Counts(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            batch_sizes.add(len(x))
            return x

    frozen = freeze(nn.Sequential(Counts()))
    for count in range(1, 40):
        batch = images(count, 8)
        torch.testing.assert_close(frozen(batch), batch / 127.5 - 1)
    assert batch_sizes == {4, 8, 12, 16}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@torch.no_grad()
def test_frozen_prefix_equals_the_layers_and_leaves_them_alone(
    chain: nn.Sequential, dtype: torch.dtype
) -> None:
    prefix = split(chain, "Mixed_6c")[0]
    before = copy.deepcopy(prefix.state_dict())
    batch = images(2, 96)
    expected = prefix(batch.float() / 127.5 - 1)
    frozen = freeze(prefix, dtype)
    folded = not any(isinstance(module, nn.BatchNorm2d) for module in frozen.modules())
    if dtype == torch.float32:
        assert not folded
        assert torch.equal(frozen(batch), expected)
    else:
        assert folded
        assert error(frozen(batch).float(), expected) < 1e-5
    assert not any(p.requires_grad for p in frozen.parameters())
    after = prefix.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert all(p.requires_grad for p in prefix.parameters())


@torch.no_grad()
def test_only_a_convolution_whose_output_is_normalised_is_folded() -> None:
    class Unusual(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            return self.conv(self.bn(x))

    def pair() -> dict[str, nn.Module]:
        norm = nn.BatchNorm2d(3)
        norm.running_mean.fill_(0.3)
        norm.running_var.fill_(2.0)
        return {"conv": nn.Conv2d(3, 3, 3, bias=False), "bn": norm}

    torch.manual_seed(4)
    blocks = {
        "plain": nn.Sequential(OrderedDict(pair())),
        "reversed": nn.Sequential(OrderedDict(reversed(pair().items()))),
        "unusual": Unusual(OrderedDict(pair())),
        "batch's": nn.Sequential(
            nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3, track_running_stats=False)
        ),
    }  # fmt: skip
    prefix = nn.Sequential(OrderedDict(blocks)).eval()
    frozen, batch = freeze(prefix, torch.float64), images(2, 16)
    norms = [n for n, m in frozen.blocks.named_modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms == ["reversed.bn", "unusual.bn", "batch's.1"]
    x = prefix.double()(batch.double() / 127.5 - 1)
    assert error(frozen.blocks.double()(batch.double() / 127.5 - 1), x) < 1e-6


@torch.no_grad()
def test_bfloat16_prefix_is_close(chain: nn.Sequential) -> None:
    prefix = split(chain, "Mixed_5d")[0]
    batch = images(2, 96)
    exact, rough = freeze(prefix)(batch), freeze(prefix, torch.bfloat16)(batch)
    assert rough.dtype == torch.bfloat16
    assert rough.is_contiguous(memory_format=torch.channels_last)
    assert (rough.float() - exact).norm() / exact.norm() < 0.03


def test_empty_prefix_returns_normalised_images(chain: nn.Sequential) -> None:
    batch = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 80, 80)
    actual = freeze(split(chain, "Conv2d_1a_3x3")[0])(batch)
    torch.testing.assert_close(actual[0, :, 7, 7], torch.tensor([-1.0, -0.6, 1.0]))
    assert batch[0, 1, 0, 0] == 51


def test_whole_prefix_returns_pooled_features(chain: nn.Sequential) -> None:
    features = freeze(split(chain, "head")[0], torch.bfloat16)(images(2, 75))
    assert features.shape == (2, INCEPTION_V3.width)
    assert features.dtype == torch.float32


def test_frozen_activations_can_be_trained_on(chain: nn.Sequential) -> None:
    prefix, suffix = split(chain, "Mixed_7c")
    network = Network(copy.deepcopy(suffix), nn.Linear(INCEPTION_V3.width, 5), 0.5).train()
    features = network.features(freeze(prefix, torch.bfloat16)(images(2, 75)))
    network.classify(features).sum().backward()
    assert network.suffix.Mixed_7c.branch1x1.conv.weight.grad is not None


@pytest.mark.parametrize("first", ["Mixed_7b", "Mixed_7c", "avgpool", "head"])
def test_frozen_blocks_stay_and_trained_blocks_learn(network: Network, first: str) -> None:
    names = ("Mixed_7b", "Mixed_7c", "avgpool", "head")
    frozen = names[: names.index(first)]
    network.set_trainable(first)
    network.eval()
    network.train()  # must not wake what is frozen
    before = copy.deepcopy(network.state_dict())
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, weight_decay=0.1)
    logits = network.classify(network.features(activations()), torch.Generator().manual_seed(4))
    logits.square().sum().backward()
    optimizer.step()
    after = network.state_dict()
    for name in before:
        if not name.startswith("suffix."):
            continue
        block = name.split(".")[1]
        same = torch.equal(before[name], after[name])
        assert same == (block in frozen), name
    for name, parameter in network.named_parameters():
        is_frozen = any(name.startswith(f"suffix.{block}.") for block in frozen)
        assert (parameter.grad is None) == is_frozen, name
        assert parameter.requires_grad != is_frozen, name
    assert not torch.equal(before["head.weight"], after["head.weight"])


def test_freezing_drops_old_gradients(network: Network) -> None:
    network.features(activations()).sum().backward()
    network.set_trainable("head")
    assert all(p.grad is None for p in network.suffix.parameters())
    network.set_trainable("Mixed_7c")
    assert network.suffix.Mixed_7c.branch1x1.conv.weight.requires_grad
    assert network.suffix.Mixed_7c.branch1x1.bn.training
    assert not network.suffix.Mixed_7b.branch1x1.bn.training


def test_evaluation_mode_covers_all_and_survives_set_trainable(network: Network) -> None:
    network.eval()
    network.set_trainable("Mixed_7c")
    assert not any(module.training for module in network.modules())


def test_block_before_the_cut_cannot_be_trained(network: Network) -> None:
    with pytest.raises(ValueError, match=r"'Mixed_6e'.*Mixed_7b, Mixed_7c, avgpool, head"):
        network.set_trainable("Mixed_6e")


def test_dropout_only_with_a_generator_and_repeatable() -> None:
    network = Network(nn.Sequential(), nn.Identity(), 0.5)
    features = torch.ones(8, INCEPTION_V3.width)
    first, second = (network.classify(features, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, second)
    assert set(first.unique().tolist()) == {0.0, 2.0}
    assert abs(float(first.mean()) - 1) < 0.05
    assert torch.equal(network.classify(features), features)


def test_logits_are_float32_under_autocast(network: Network) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        features = network.features(activations().bfloat16())
        logits = network.classify(features)
    assert features.dtype == logits.dtype == torch.float32
    torch.testing.assert_close(logits, network.head(features), rtol=0, atol=0)
