"""Class counts and logits for tests of losses and samplers."""

import torch

# CIFAR-10-LT, ratio 100: Cui et al. 2019, section 5.1
CIFAR10_LT = (5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50)


def counts(values=CIFAR10_LT):
    return torch.tensor(values, dtype=torch.float32)


def logits(images=6, classes=10, seed=0):
    return torch.randn(images, classes, generator=torch.Generator().manual_seed(seed))
