"""A head that holds its logits to a range is told from one whose logits lie in there by chance."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from benchmark.strategy import DecisionMeasurement, Outputs
from benchmark.strategy.components import CosineHead, LinearHead
from benchmark.strategy.expectations.head import LogitsHaveNoLimit
from tests.evaluation.planted.outsider import LimitedHead


def checked(head, low, high, width=8, classes=5):
    """The check of a head whose network gave logits from `low` to `high`."""
    logits = np.linspace(low, high, 4 * classes).reshape(4, classes).astype(np.float32)
    outputs = Outputs(logits, np.zeros((4, width)), np.arange(4))
    none = np.zeros(4, np.int64)
    counts = np.full(classes, 9)
    return LogitsHaveNoLimit(head).check(DecisionMeasurement(counts, outputs, none)).passed


LIMITED = ["sigmoid", "tanh", "relu", "softplus"]
SIZES = [(2, 5), (8, 2), (8, 5), (40, 17)]


@pytest.mark.parametrize("kind", LIMITED)
@pytest.mark.parametrize(("width", "classes"), SIZES)
def test_a_head_that_limits_its_logits(kind, width, classes):
    head = LimitedHead(kind)
    assert checked(head, 0.2, 0.6, width, classes) is False
    assert checked(head, -3, 4, width, classes) is True, "that of the run has no limit"


class OddHead(nn.Linear):
    """A linear layer, and what is made of its logits."""

    def __init__(self, width, classes, kind):
        super().__init__(width, classes)
        self.kind, self.scale = kind, nn.Parameter(torch.zeros(()))

    def forward(self, x):
        match self.kind:
            case "soft cap":
                return 30 * torch.tanh(super().forward(x) / 30)
            case "learnt scale":
                return self.scale.exp() * torch.tanh(super().forward(x))
            case "distances":
                return -torch.cdist(x, self.weight)
            case "kernel":
                return torch.exp(-torch.cdist(x, self.weight))
            case "absolute":
                return super().forward(x).abs()
            case "log softmax":
                return super().forward(x).log_softmax(1)
            case "leaky":
                return functional.leaky_relu(super().forward(x), 0.01)


ODD = ["soft cap", "learnt scale", "distances", "kernel", "absolute", "log softmax", "leaky"]


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize(("width", "classes"), SIZES)
def test_a_head_with_logits_in_there_by_chance(kind, width, classes):
    def head(width, classes):
        return OddHead(width, classes, kind)

    assert checked(head, 0.2, 0.6, width, classes) is True


@pytest.mark.parametrize("head", [LinearHead(), CosineHead(1.0), CosineHead(30.0)])
@pytest.mark.parametrize(("width", "classes"), SIZES)
def test_a_linear_and_a_cosine_head(head, width, classes):
    assert checked(head, -0.5, 0.6, width, classes) is True
    assert checked(head, 0.1, 7, width, classes) is True


def test_a_head_that_cannot_be_tried():
    def head(width, classes):
        raise ValueError("it needs a file")

    assert checked(head, 0.2, 0.6) is None
    assert checked(head, -3, 4) is True
