"""`plain`, optimised: decoded images, channels-last, bf16, fused Adam.

    python tuned.py FOLDER SPLIT.json WEIGHTS.safetensors --decoded DIR --strategy NAME

The images are decoded and resized in DIR, which the bench fills outside of the time it counts:
decoding costs this script nothing. DIR holds pixels.npy, (N, size, size, 3) uint8, and files.json,
the N names. Augmentation works on tensors, in the workers. All else is as in `plain`: one script a
strategy, the full network for every image of every epoch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch
from plain import RATE, Draw, EpochSampler, Plain, build_parser
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2


class Decoded(Dataset):
    """Rows of the array, a whole batch at a time. `augment`: repeats in an epoch are augmented."""

    def __init__(self, file: Path, rows: np.ndarray, labels: np.ndarray, augment: bool) -> None:
        self.pixels = np.load(file, mmap_mode="r")  # (N, H, W, 3)
        self.rows, self.labels = rows, torch.from_numpy(labels)
        self.augment = augment and v2.Compose(
            [
                v2.RandomHorizontalFlip(),
                v2.RandomAffine(15, (0.05, 0.05), (0.8, 1.2)),
                v2.ColorJitter(0.25, 0.25),
            ]
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, draws: Sequence[int | Draw]) -> tuple[Tensor, Tensor]:
        """Return images (B, 3, H, W) uint8, channels-last in memory, and labels (B,)."""
        positions = [draw[0] if isinstance(draw, tuple) else draw for draw in draws]
        images = torch.from_numpy(self.pixels[self.rows[positions]]).permute(0, 3, 1, 2)
        if self.augment:
            for k, draw in enumerate(draws):
                if isinstance(draw, tuple) and draw[1]:
                    images[k] = self.augment(images[k])
        return images, self.labels[positions]


class Tuned(Plain):
    """One network, one strategy, with the usual optimisations."""

    def images(self, split: str) -> Dataset:
        """Return the images of a split."""
        folder = Path(self.options.decoded)
        row = {file: i for i, file in enumerate(json.loads((folder / "files.json").read_text()))}
        files = self.files[split]
        rows = np.array([row[file] for file in files])
        labels = np.array([self.folder.targets[self.position[file]] for file in files])
        augment = self.augmenting and split == "train"
        return Decoded(folder / "pixels.npy", rows, labels, augment)

    def loader(self, images: Dataset, sampler: EpochSampler | None = None) -> DataLoader:
        """Return batches; the workers return whole batches."""
        return DataLoader(
            images,
            self.options.batch_size,
            sampler=sampler,
            num_workers=self.options.workers,
            pin_memory=self.device != "cpu",
            persistent_workers=self.options.workers > 0,
            collate_fn=keep_batch,
        )

    def network(self) -> nn.Module:
        """Return the pretrained network, channels-last."""
        return super().network().to(memory_format=torch.channels_last)

    def optimizer(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the fused optimizer."""
        return torch.optim.Adam(parameters, lr=RATE, fused=True)

    def precision(self) -> AbstractContextManager:
        """Return autocast for bf16."""
        device = torch.device(self.device).type
        return torch.autocast(device, torch.bfloat16, enabled=self.options.precision == "bf16")

    def to_device(self, images: Tensor) -> Tensor:
        """Bytes (B, 3, H, W) -> the device -> -1 to 1."""
        return super().to_device(images).float().div_(127.5).sub_(1)


def keep_batch(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Return a batch."""
    return batch


def main(arguments: Sequence[str] | None = None) -> None:
    """Train one network by one strategy and print seconds and scores."""
    parser = build_parser(__doc__)
    parser.add_argument("--decoded", required=True, help="folder of pixels.npy and files.json")
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    options = parser.parse_args(arguments)
    torch.backends.cudnn.benchmark = True  # every batch but the last has the same shape
    print(json.dumps(Tuned(options).run()))


if __name__ == "__main__":
    main()
