"""Rules as torch modules decide as they do on arrays."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from benchmark.inference.program import Program, decide
from benchmark.strategy import Outputs, rules
from benchmark.strategy.ensembles import combine_outputs
from benchmark.strategy.rules import calibrated
from tests.inference.test_stored_component import COMPONENTS, OfAPlugin

N, CLASSES, WIDTH = 200, 2, 6
RULES = [each for each in COMPONENTS if callable(each) and not hasattr(each, "scale")]
RULES += [rules.ScaledLogits((1.0, 2.0), (0.0, -0.1))]
RULES = [each for each in RULES if type(each).__module__ == rules.__name__]


@pytest.fixture(scope="module")
def head():
    torch.manual_seed(0)
    return nn.Linear(WIDTH, CLASSES)


@pytest.mark.parametrize("rule", RULES, ids=lambda each: type(each).__name__)
def test_labels_and_probabilities_are_those_of_the_rule(rule, head):
    features = torch.randn(N, WIDTH).half().float()
    with torch.no_grad():
        logits = head(features)
        corrected, labels = decide(rule, logits, features, head)
    weight = head.weight.detach().numpy()
    outputs = Outputs(logits.numpy(), features.half().numpy(), np.full(N, -1), weight)
    np.testing.assert_array_equal(labels.numpy(), rule(outputs))
    expected = calibrated(rule, outputs).log_probabilities
    np.testing.assert_allclose(corrected.log_softmax(1).numpy(), expected, atol=1e-5)
    assert len(set(labels.tolist())) == 2


def test_a_rule_of_a_plug_in_has_no_form(head):
    with pytest.raises(TypeError, match="OfAPlugin has no form as a torch module"):
        decide(OfAPlugin(1.0), torch.zeros(1, 2), torch.zeros(1, WIDTH), head)


def test_an_ensemble_has_the_mean_log_probabilities():
    torch.manual_seed(1)
    networks = [nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, WIDTH)) for _ in range(3)]
    heads = [nn.Linear(WIDTH, CLASSES) for _ in range(3)]
    rule = rules.OffsetArgmax((0.3, 0.0))
    program = Program(networks, heads, rule, 4).eval()
    images = torch.randint(0, 256, (7, 4, 4, 3), dtype=torch.uint8)
    with torch.no_grad():
        probabilities, labels = program(images)
        x = images.permute(0, 3, 1, 2) / 127.5 - 1
        logits = [head(network(x)).numpy() for network, head in zip(networks, heads, strict=True)]
    none = np.zeros((7, 1), np.float16)
    combined = combine_outputs([Outputs(each, none, np.zeros(7, int)) for each in logits])
    expected = np.exp(combined.log_probabilities)
    np.testing.assert_allclose(probabilities.numpy(), expected, atol=1e-6)
    np.testing.assert_array_equal(labels.numpy(), rule(combined))


def test_images_of_another_size_are_resized_as_pillow_does():
    program = Program([nn.Identity()], [nn.Flatten()], None, 8)
    resized_inside = []
    program.networks[0].register_forward_hook(lambda _, __, x: resized_inside.append(x))
    pixels = np.random.default_rng(0).integers(0, 256, (31, 20, 3), dtype=np.uint8)
    program(torch.from_numpy(pixels)[None])
    resized = Image.fromarray(pixels).resize((8, 8), Image.Resampling.BILINEAR)
    ours = (resized_inside[0][0].permute(1, 2, 0) + 1) * 127.5
    difference = np.abs(ours.numpy() - np.asarray(resized))
    assert difference.max() <= 1.01, "Pillow computes in whole numbers"
    assert difference.mean() < 0.01
