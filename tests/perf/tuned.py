"""`plain` by somebody who optimises: decoded images, channels-last, bf16, fused Adam.

    python tuned.py FOLDER SPLIT.json WEIGHTS.safetensors --decoded DIR --strategy NAME

The images come decoded and resized from DIR, which the bench fills outside of the time it counts:
decoding is given to this script for free. DIR holds pixels.npy, (N, size, size, 3) uint8, and
files.json, the N names. Augmentation works on tensors, in the workers. All else is as in `plain`:
one script a strategy, the full network for every image of every epoch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch
from plain import RATE, Draw, Passes, Plain, options
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2


class Decoded(Dataset):
    """Rows of the array, a whole batch at a time; repeats in a pass are altered if asked for."""

    def __init__(self, file: Path, rows: np.ndarray, labels: np.ndarray, altered: bool) -> None:
        self.pixels = np.load(file, mmap_mode="r")  # (N, H, W, 3)
        self.rows, self.labels = rows, torch.from_numpy(labels)
        self.altered = altered and v2.Compose(
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
        if self.altered:
            for k, draw in enumerate(draws):
                if isinstance(draw, tuple) and draw[1]:
                    images[k] = self.altered(images[k])
        return images, self.labels[positions]


class Tuned(Plain):
    """One network, one strategy, the usual means of speed."""

    def images(self, part: str) -> Dataset:
        """Return the images of a part of the split."""
        folder = Path(self.asked.decoded)
        row = {file: i for i, file in enumerate(json.loads((folder / "files.json").read_text()))}
        files = self.files[part]
        rows = np.array([row[file] for file in files])
        labels = np.array([self.folder.targets[self.place[file]] for file in files])
        altered = self.altering and part == "train"
        return Decoded(folder / "pixels.npy", rows, labels, altered)

    def loader(self, images: Dataset, sampler: Passes | None = None) -> DataLoader:
        """Return batches; what the workers make is a batch already."""
        return DataLoader(
            images,
            self.asked.batch_size,
            sampler=sampler,
            num_workers=self.asked.workers,
            pin_memory=self.device != "cpu",
            persistent_workers=self.asked.workers > 0,
            collate_fn=as_it_is,
        )

    def network(self) -> nn.Module:
        """Return the pretrained network, channels-last."""
        return super().network().to(memory_format=torch.channels_last)

    def optimizer(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the fused optimizer."""
        return torch.optim.Adam(parameters, lr=RATE, fused=True)

    def precision(self) -> AbstractContextManager:
        """Return autocast, if bf16 was asked for."""
        device = torch.device(self.device).type
        return torch.autocast(device, torch.bfloat16, enabled=self.asked.precision == "bf16")

    def put(self, images: Tensor) -> Tensor:
        """Bytes (B, 3, H, W) -> the device -> -1 to 1."""
        return super().put(images).float().div_(127.5).sub_(1)


def as_it_is(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Return a batch."""
    return batch


def main(arguments: Sequence[str] | None = None) -> None:
    """Train one network by one strategy and print what it took."""
    flags = options(__doc__)
    flags.add_argument("--decoded", required=True, help="folder of pixels.npy and files.json")
    flags.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    asked = flags.parse_args(arguments)
    torch.backends.cudnn.benchmark = True  # every batch but the last has the same shape
    print(json.dumps(Tuned(asked).run()))


if __name__ == "__main__":
    main()
