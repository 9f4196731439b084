"""The folder of a run: which file holds what. Everything a report says is read from here.

::

    run.json                what was asked, on what data, weights, hardware and versions
    splits/seed0.json       files and labels of the training, validation and test split
    outputs/KEY.safetensors logits and features of one trained network, and KEY.json beside it
    records/NAME.seed0.json one strategy and seed: predictions, numbers, cost, or its error
    cost.json               seconds of the last run, by task, and its memory
    states/                 trainings under way; gone when the run is over
    report.html report.md *.csv figures/
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.storage.atomic import read_json, write_json
from benchmark.strategy import Outputs

if TYPE_CHECKING:
    from torch import Tensor

PARTS = ("val", "test")


@dataclass(frozen=True)
class RunFolder:
    """Paths in the folder of a run, and reading and writing of its files."""

    path: Path

    @property
    def run_file(self) -> Path:
        """What was asked."""
        return self.path / "run.json"

    @property
    def cost_file(self) -> Path:
        """Seconds of the last run in the folder, by task."""
        return self.path / "cost.json"

    def split_file(self, seed: int) -> Path:
        """The split of one seed."""
        return self.path / "splits" / f"seed{seed}.json"

    def record_file(self, strategy: str, seed: int) -> Path:
        """The record of one strategy and seed."""
        return (
            self.path / "records" / f"{re.sub(r'[^A-Za-z0-9_.=,]', '-', strategy)}.seed{seed}.json"
        )

    def output_file(self, key: str) -> Path:
        """Outputs of the network `key`; they count once the marker is there."""
        return self.path / "outputs" / f"{key[:20]}.safetensors"

    def marker_file(self, key: str) -> Path:
        """Written last: what the outputs of `key` are, and their hash."""
        return self.path / "outputs" / f"{key[:20]}.json"

    def error_file(self, key: str) -> Path:
        """Why the segment that leads to `key` failed."""
        return self.path / "states" / f"{key[:20]}.error.json"

    def state_file(self, key: str) -> Path:
        """State from which other segments go on."""
        return self.path / "states" / f"{key[:20]}.safetensors"

    def partial_file(self, key: str) -> Path:
        """State of a segment under way."""
        return self.path / "states" / f"{key[:20]}.partial.safetensors"

    def sign_file(self, key: str) -> Path:
        """Steps that a worker in a process of its own has done so far."""
        return self.path / "states" / f"{key[:20]}.steps"

    def save_error(self, key: str, error: BaseException) -> None:
        """Write down why a segment could not be trained."""
        write_json(self.error_file(key), error_text(error))

    # ---- outputs -----------------------------------------------------------------------------

    def save_outputs(self, key: str, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
        """Write a network's outputs, then the description that makes them count."""
        from benchmark.train.checkpoint import save_tensors  # torch: only who trained needs it

        path = self.output_file(key)
        save_tensors(path, tensors, {"key": key})
        write_json(self.marker_file(key), {"key": key, "sha256": _sha256(path), **about})

    def has_outputs(self, key: str) -> bool:
        """Return whether whole outputs of a network are there; damaged ones do not count."""
        try:
            return read_json(self.marker_file(key))["sha256"] == _sha256(self.output_file(key))
        except (OSError, ValueError, KeyError):
            return False

    def load_outputs(self, key: str) -> tuple[dict[str, Outputs], dict[str, Any]]:
        """Return the outputs of the validation and the test images, and their description."""
        from safetensors.numpy import safe_open

        head = self.load_head_weight(key)
        with safe_open(self.output_file(key), "np") as file:
            outputs = {
                part: Outputs(
                    file.get_tensor(f"{part}.logits"),
                    file.get_tensor(f"{part}.features"),
                    file.get_tensor(f"{part}.labels").astype(np.int64),
                    head,
                )
                for part in PARTS
            }
        return outputs, read_json(self.marker_file(key))

    def load_head_weight(self, key: str) -> np.ndarray | None:
        """Return the weight (C, D) of a network's head; None if the head is not one layer."""
        from safetensors.numpy import safe_open

        with safe_open(self.output_file(key), "np") as file:
            heads = [name for name in file.keys() if name.startswith("head.")]  # noqa: SIM118
            return file.get_tensor("head.weight") if set(heads) <= _LINEAR else None

    # ---- one run at a time ----------------------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; the lock goes with the process, however that ends.

        Raises
        ------
        ValueError
            If another run is at work in the folder.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(
                    f"another run is at work in {self.path}; wait for it, or choose another --out"
                ) from None
            yield

    # ---- cleaning ----------------------------------------------------------------------------

    def keep_records(self, asked: Iterable[tuple[str, int]]) -> None:
        """Remove records of strategies and seeds that this run did not ask for.

        They may belong to another experiment, and their outputs stay: to ask for them again costs
        nothing.
        """
        kept = {self.record_file(strategy, seed) for strategy, seed in asked}
        for path in set((self.path / "records").glob("*.json")) - kept:
            path.unlink()

    def discard_states(self) -> None:
        """Remove the states of trainings; what they led to is stored."""
        for path in (self.path / "states").glob("*"):
            path.unlink()
        if (self.path / "states").exists():
            (self.path / "states").rmdir()


def error_text(error: BaseException) -> dict[str, str]:
    """Return an exception as text."""
    return {
        "error": f"{type(error).__name__}: {error}",
        "traceback": "".join(traceback.format_exception(error)),
    }


_LINEAR = {"head.weight", "head.bias"}


def output_tensors(
    parts: dict[str, tuple[Tensor, Tensor, np.ndarray]], head: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Name what is stored of a network: for each part logits (N, C), features (N, D), labels (N,).

    Features are kept in half precision, whose largest number stands for all that are larger.
    """
    import torch

    most = torch.finfo(torch.float16).max

    tensors = {f"head.{name}": tensor for name, tensor in head.items()}
    for part, (logits, features, labels) in parts.items():
        tensors[f"{part}.logits"] = logits.float()
        tensors[f"{part}.features"] = features.clamp(-most, most).to(torch.float16)
        tensors[f"{part}.labels"] = torch.from_numpy(labels)
    return tensors


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
