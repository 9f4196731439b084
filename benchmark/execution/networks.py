"""The trained networks that a run keeps: all that training changed, by key.

The layers that were not trained are those of the pretrained weights, so they are not stored again.
"""

from __future__ import annotations

import shutil
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from benchmark.execution.run_folder import KEY_LENGTH, RunFolder
from benchmark.inference.trained_network import TrainedNetwork
from benchmark.model.pretrained import Pretrained
from benchmark.storage.stored_file import DamagedFileError
from benchmark.train.checkpoint import add_prefix, load_tensors, save_tensors, with_prefix
from benchmark.train.component_checks import new_head

if TYPE_CHECKING:
    from benchmark.execution.prepare import PreparedExperiment
    from benchmark.strategy import Head
    from benchmark.train.training_state import TrainingState

SPARE = 5 * 2**30  # bytes of the disk that networks leave free, for what else a run writes


def seeds_to_keep(keep: str, seeds: tuple[int, ...]) -> frozenset[int]:
    """Return the seeds whose networks are written while they train, for a value of `--keep`."""
    return frozenset({"all": seeds, "best": seeds[:1], "none": ()}[keep])


@dataclass(frozen=True)
class NetworkStore:
    """The networks in the folder of a run."""

    folder: RunFolder

    def file(self, key: str) -> Path:
        """The tensors of the network `key`."""
        return self.folder.path / "networks" / f"{key[:KEY_LENGTH]}.safetensors"

    def has(self, key: str) -> bool:
        """Return whether a network is there and undamaged."""
        try:
            self._read(key)
        except (FileNotFoundError, ValueError):
            return False
        return True

    def has_room(self, size: int = 0) -> bool:
        """Return whether the disk has room for a network of so many bytes, and SPARE besides."""
        return shutil.disk_usage(self.folder.path).free > size + SPARE

    def save(self, key: str, training: TrainingState) -> None:
        """Write a network as it is now, unless the disk has little room left."""
        network = training.network
        tensors = add_prefix("head", network.head.state_dict())
        if not training.suffix_unchanged:
            tensors |= add_prefix("suffix", network.suffix.state_dict())
        size = sum(tensor.nbytes for tensor in tensors.values())
        if self.has_room(size):
            save_tensors(self.file(key), tensors, {"key": key})

    def load(self, key: str, prepared: PreparedExperiment, head: Head) -> TrainedNetwork:
        """Return a network on the device of an experiment; `head` is the strategy's.

        It raises what `tensors` raises.
        """
        experiment = prepared.experiment
        backbone, cut = experiment.network, experiment.trainable[0]
        with torch.random.fork_rng(devices=[]):
            module = new_head(head, backbone.width, prepared.classes)
        pretrained = Pretrained(backbone.name, prepared.weights, cut, prepared.device)
        tensors = self.tensors(key, pretrained)
        return TrainedNetwork.build(backbone, cut, module, tensors, prepared.device)

    def tensors(self, key: str, pretrained: Pretrained) -> dict[str, Tensor]:
        """Return all tensors of a network, also those that training left as they were.

        Their names are those of the backbone's layers; the head's begin with ``head.``.

        Raises
        ------
        FileNotFoundError
            If the network was not kept.
        DamagedFileError
            If the file is not what was written.
        """
        changed = self._read(key)
        tensors = pretrained.chain().state_dict() | with_prefix("suffix", changed)
        tensors = {n: t for n, t in tensors.items() if not n.endswith("num_batches_tracked")}
        return tensors | add_prefix("head", with_prefix("head", changed))

    def keep_only(self, keys: Set[str]) -> None:
        """Remove all networks but those of `keys`."""
        kept = {self.file(key) for key in keys}
        for file in self.file("").parent.glob("*.safetensors"):
            if file not in kept:
                file.unlink(missing_ok=True)

    def sizes(self, keys: Set[str]) -> dict[str, int]:
        """Return the bytes of those of `keys` that are stored, by key."""
        files = {key: self.file(key) for key in sorted(keys)}
        return {key: file.stat().st_size for key, file in files.items() if file.is_file()}

    def _read(self, key: str) -> dict[str, Tensor]:
        tensors, about = load_tensors(self.file(key))
        if about.get("key") != key:
            remedy = "Remove it: `export` trains the network again"
            raise DamagedFileError(self.file(key), "it is that of another network", remedy)
        return tensors
