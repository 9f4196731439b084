"""The script of a practitioner: one per strategy, every image decoded every epoch, fp32.

    python plain.py FOLDER SPLIT.json WEIGHTS.safetensors --strategy NAME [--device cuda]

Nothing of the harness is imported. Recipe, steps, splits and evaluations are those of the harness:
2 epochs of the new last layer, then 2 epochs of the second half, Adam at 1e-4, dropout, the same
losses; validation after each epoch, the test images at the end. Frozen layers take no gradient and
keep their batch statistics; validation takes no gradients; nothing is slower than its author would
leave it.

FOLDER holds one folder per class; SPLIT.json the names of the files of each split. Prints one
line of JSON: seconds by phase, images trained a second, steps, macro-F1 on the test images.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from sklearn.metrics import f1_score
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision import transforms
from torchvision.datasets import ImageFolder
from torchvision.models import inception_v3

STRATEGIES = (
    *("no_change", "class_weights", "focal_loss"),
    *("random_oversampling", "augmentation_oversampling", "threshold_moving"),
)
PHASES = (("head", 2), ("half", 2))  # what is trained, epochs
RATE = 1e-4
FROZEN = (
    *("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"),
    *("Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b"),
)
Draw = tuple[int, bool]  # position in the training split, whether the epoch has drawn it before


class Images(Dataset):
    """Files, decoded when they are read. `augment`, if given, is applied to repeats in an epoch."""

    def __init__(self, folder: ImageFolder, chosen: list[int], plain: Any, augment: Any) -> None:
        self.folder, self.chosen, self.plain, self.augment = folder, chosen, plain, augment

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, draw: int | Draw) -> tuple[Tensor, int]:
        """Return image (3, H, W) and label."""
        position, repeated = draw if isinstance(draw, tuple) else (draw, False)
        image, label = self.folder[self.chosen[position]]
        return (self.augment if repeated and self.augment else self.plain)(image), label


class EpochSampler(Sampler[Draw]):
    """Full batches of positions: whole epochs, each shuffled, or balanced by class."""

    def __init__(self, labels: np.ndarray, balanced: bool, seed: int) -> None:
        self.labels, self.balanced = labels, balanced
        self.rng = np.random.default_rng(seed)
        self.draws = 0  # in the next epoch of the recipe

    def __len__(self) -> int:
        return self.draws

    def __iter__(self) -> Iterator[Draw]:
        left = self.draws
        while left:
            drawn: set[int] = set()
            for position in self.one_epoch()[:left].tolist():
                yield position, position in drawn
                drawn.add(position)
                left -= 1

    def one_epoch(self) -> np.ndarray:
        """Return every image once, or as many of each class as the largest has."""
        if not self.balanced:
            return self.rng.permutation(len(self.labels))
        classes = [np.flatnonzero(self.labels == label) for label in np.unique(self.labels)]
        most = max(map(len, classes))
        filled = [np.r_[own, self.rng.choice(own, most - len(own))] for own in classes]
        return self.rng.permutation(np.concatenate(filled))


class Plain:
    """One network, one strategy."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.strategy, self.device = options, options.strategy, options.device
        torch.manual_seed(options.seed)
        split = json.loads(Path(options.split).read_text())
        self.files = {name: split[name]["files"] for name in ("train", "val", "test")}
        self.folder = ImageFolder(options.folder)
        root = Path(options.folder)
        self.position = {
            Path(file).relative_to(root).as_posix(): i
            for i, (file, _) in enumerate(self.folder.samples)
        }
        targets = np.array(self.folder.targets)
        self.labels = targets[[self.position[file] for file in self.files["train"]]]  # (N,)
        self.classes = len(self.folder.classes)
        self.counts = np.bincount(self.labels, minlength=self.classes)  # (C,)
        self.sampler = EpochSampler(
            self.labels, self.strategy.endswith("oversampling"), options.seed
        )
        self.augmenting = self.strategy == "augmentation_oversampling"
        self.model = self.network().to(self.device)
        self.loss = loss_of(self.strategy, torch.from_numpy(self.counts).float().to(self.device))

    # ---- what `tuned` overrides ---------------------------------------------------------

    def images(self, split: str) -> Dataset:
        """Return the images of a split."""
        size = (self.options.image_size,) * 2
        ready = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
        augmented = [
            transforms.Resize(size),
            transforms.RandomHorizontalFlip(),
            transforms.RandomAffine(15, (0.05, 0.05), (0.8, 1.2)),
            transforms.ColorJitter(0.25, 0.25),
        ]
        return Images(
            self.folder,
            [self.position[file] for file in self.files[split]],
            transforms.Compose([transforms.Resize(size), *ready]),
            transforms.Compose([*augmented, *ready])
            if self.augmenting and split == "train"
            else None,
        )

    def loader(self, images: Dataset, sampler: EpochSampler | None = None) -> DataLoader:
        """Return batches of images, read by processes of their own."""
        return DataLoader(
            images,
            self.options.batch_size,
            sampler=sampler,
            num_workers=self.options.workers,
            pin_memory=self.device != "cpu",
        )

    def network(self) -> nn.Module:
        """Return the pretrained network with a new last layer."""
        model = inception_v3(
            weights=None, aux_logits=False, init_weights=False, transform_input=False
        )
        state = load_file(self.options.weights)
        state = {k: v for k, v in state.items() if not k.startswith(("fc.", "AuxLogits."))}
        model.load_state_dict(state, strict=False)  # fc and AuxLogits are new
        model.fc = nn.Linear(2048, self.classes)
        return model

    def optimizer(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimizer of a phase."""
        return torch.optim.Adam(parameters, lr=RATE)

    def precision(self) -> AbstractContextManager:
        """Return the context in which the network computes."""
        return nullcontext()

    def to_device(self, images: Tensor) -> Tensor:
        """Return a batch as the network takes it, (B, 3, H, W) on the device."""
        return images.to(self.device, non_blocking=True)

    # ---- the same in both -------------------------------------------------------------------

    def logits(self, images: Tensor) -> Tensor:
        """Images of a loader (B, ...) -> (B, C) float32."""
        images = self.to_device(images)
        with self.precision():
            return self.model(images).float()

    def run(self) -> dict[str, Any]:
        """Train and evaluate; return seconds and scores."""
        seconds = dict.fromkeys(("head", "half", "validation", "test"), 0.0)
        batch, done = self.options.batch_size, 0
        rates = {}
        training = self.loader(self.images("train"), self.sampler)
        validation = self.loader(self.images("val"))
        for phase, epochs in PHASES:
            self.train_only(phase)
            parameters = [p for p in self.model.parameters() if p.requires_grad]
            optimizer = self.optimizer(parameters)
            steps = max(1, round(epochs * len(self.labels) / batch))
            for epoch in range(epochs):
                begun = time.perf_counter()
                self.sampler.draws = batch * (
                    steps * (epoch + 1) // epochs - steps * epoch // epochs
                )
                self.set_modes(phase)
                for images, target in training:
                    target = target.to(self.device, non_blocking=True)
                    loss = self.loss(self.logits(images), target)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    done += 1
                self.wait()
                trained = time.perf_counter()
                truth, scores = self.evaluate(validation)
                macro_f1(truth, scores, self.classes)
                seconds[phase] += trained - begun
                seconds["validation"] += time.perf_counter() - trained
            rates[phase] = steps * batch / seconds[phase]
        begun = time.perf_counter()
        offset = np.zeros(self.classes)
        if self.strategy == "threshold_moving":
            offset = offsets(scores, truth, self.classes)
        truth, scores = self.evaluate(self.loader(self.images("test")))
        seconds["test"] = time.perf_counter() - begun
        return {
            "strategy": self.strategy,
            "seed": self.options.seed,
            "seconds": seconds,
            "images_per_second": rates,
            "steps": done,
            "batch_size": batch,
            "macro_f1": macro_f1(truth, scores + offset, self.classes),
        }

    def wait(self) -> None:
        """Let a GPU finish, so that its seconds count for the right phase."""
        if self.device != "cpu":
            torch.cuda.synchronize()

    def train_only(self, phase: str) -> None:
        """Freeze all but the last layer, or all of the first half."""
        for name, block in self.model.named_children():
            block.requires_grad_(name == "fc" or (phase == "half" and name not in FROZEN))

    def set_modes(self, phase: str) -> None:
        """Set the training mode; frozen blocks keep their batch statistics."""
        self.model.train()
        for name, block in self.model.named_children():
            if name in FROZEN or (phase == "head" and name.startswith("Mixed")):
                block.eval()

    @torch.no_grad()
    def evaluate(self, images: DataLoader) -> tuple[np.ndarray, np.ndarray]:
        """Return labels (N,) and log-probabilities (N, C) of all images."""
        self.model.eval()
        batches = [(target, self.logits(batch)) for batch, target in images]
        truth = torch.cat([target for target, _ in batches])
        logits = torch.cat([logits for _, logits in batches])
        return truth.numpy(), logits.log_softmax(1).cpu().numpy()


def loss_of(strategy: str, counts: Tensor):
    """Return the loss of logits (B, C) and targets (B,)."""
    if strategy == "class_weights":
        weights = counts.sum() / (len(counts) * counts.clamp(min=1))  # mean 1 over the images
        each = nn.CrossEntropyLoss(weight=weights, reduction="none")
        return lambda logits, target: each(logits, target).mean()
    if strategy == "focal_loss":

        def focal(logits: Tensor, target: Tensor) -> Tensor:
            losses = nn.functional.cross_entropy(logits, target, reduction="none")
            return ((1 - torch.exp(-losses)) ** 2 * losses).mean()

        return focal
    return nn.CrossEntropyLoss()


def offsets(log_p: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """Return one offset a class (C,): coordinate ascent of macro-F1 on the validation images."""
    offset = np.zeros(classes)
    for _ in range(2):
        for k in range(classes):
            tried = offset[k] + np.linspace(-3, 3, 13)
            gains = []
            for value in tried:
                offset[k] = value
                gains.append(macro_f1(truth, log_p + offset, classes))
            best = np.flatnonzero(np.isclose(gains, max(gains)))
            offset[k] = tried[min(best, key=lambda i: abs(i - 6))]  # of equals the smallest change
    return offset


def macro_f1(truth: np.ndarray, scores: np.ndarray, classes: int) -> float:
    """Mean F1 over all classes; log-probabilities (N, C)."""
    return float(
        f1_score(
            truth, scores.argmax(1), labels=range(classes), average="macro", zero_division=0
        )
    )  # fmt: skip


def build_parser(text: str | None) -> argparse.ArgumentParser:
    """Return the flags that both scripts know."""
    parser = argparse.ArgumentParser(description=(text or "").split("\n", 1)[0])
    parser.add_argument("folder", help="one folder per class")
    parser.add_argument("split", help="files by part, as the harness writes them")
    parser.add_argument("weights", help=".safetensors in torchvision's layout")
    parser.add_argument("--strategy", default="no_change", choices=STRATEGIES)
    parser.add_argument("--image-size", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--workers", type=int, default=min(8, os.cpu_count() or 2))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Train one network by one strategy and print seconds and scores."""
    print(json.dumps(Plain(build_parser(__doc__).parse_args(arguments)).run()))


if __name__ == "__main__":
    main()
