"""What is stored of a trained network: logits, features and labels of three splits, and its head.

Post-hoc decisions, metrics and diagnoses follow from these files; no network is run for them.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.evaluation.diagnosis.neighbourhood import evenly_spaced
from benchmark.evaluation.training_fit import IMAGES_PER_CLASS
from benchmark.execution.damaged_files import BY_TRAINING
from benchmark.execution.record_schema import CurvePoint, LossPoint
from benchmark.execution.run_folder import KEY_LENGTH, RunFolder
from benchmark.inference.trained_network import to_half
from benchmark.model.tensor_file import open_tensors
from benchmark.storage.atomic import atomic
from benchmark.storage.stored_file import DamagedFileError, open_plain, why_not_read
from benchmark.storage.typed_json import SCHEMA_VERSION, read, write
from benchmark.storage.unchanged import once_while_unchanged
from benchmark.strategy import Outputs
from benchmark.strategy.ensembles import combine_outputs
from benchmark.train.checkpoint import save_tensors

OUTPUT_SPLITS = ("val", "test")  # all of their images
_LINEAR = {"head.weight", "head.bias"}


@dataclass(frozen=True, kw_only=True)
class OutputsManifest:
    """How the network behind stored outputs was trained; C classes."""

    schema_version: int = SCHEMA_VERSION
    key: str = ""
    tensors_sha256: str = ""  # of the file of tensors
    seed: int
    steps: int
    seconds: float
    drawn: tuple[int, ...]  # (C,) images
    distinct_images: int
    augmented_images: int
    measured_step_ranges: tuple[dict[str, Any], ...]  # `StepRangeMonitor.to_json`
    micro_batch: int  # images that pass the network at once, at most
    curve: tuple[CurvePoint, ...]
    losses: tuple[LossPoint, ...]
    effective_prior: tuple[float, ...]  # (C,) see `Outputs`
    members: tuple[str, ...] = ()  # keys of an ensemble's networks, in order; see `combine`


@dataclass(frozen=True)
class OutputStore:
    """The outputs of the trained networks in a run's folder, by key."""

    folder: RunFolder

    def tensor_file(self, key: str) -> Path:
        """The tensors of the network `key`; they count once the manifest is there."""
        return self.folder.path / "outputs" / f"{key[:KEY_LENGTH]}.safetensors"

    def manifest_file(self, key: str) -> Path:
        """The `OutputsManifest` of the network `key`, written last."""
        return self.folder.outputs_manifest_file(key)

    def save(self, key: str, tensors: dict[str, Tensor], manifest: OutputsManifest) -> None:
        """Write a network's `output_tensors`, then the manifest that makes them count."""
        file = self.tensor_file(key)
        save_tensors(file, tensors, {"key": key})
        write(self.manifest_file(key), replace(manifest, key=key, tensors_sha256=_sha256(file)))

    def copy(self, key: str, source: OutputStore) -> None:
        """Copy a network's outputs from another run's folder, as whole as they are there."""
        for own, theirs in (
            (self.tensor_file(key), source.tensor_file(key)),
            (self.manifest_file(key), source.manifest_file(key)),  # last, as in `save`
        ):
            with atomic(own) as temporary:
                shutil.copyfile(theirs, temporary)

    def has(self, key: str) -> bool:
        """Return whether a network's outputs are there and undamaged."""
        try:
            self.check(key)
        except (FileNotFoundError, ValueError):
            return False
        return True

    def check(self, key: str) -> OutputsManifest:
        """Return how a network was trained whose outputs are there and undamaged.

        Raises
        ------
        FileNotFoundError
            If they are not stored.
        DamagedFileError
            If a file is not what was written; another ValueError if it is of another version.
        UnreadableError
            If a file can't be read now.
        """
        file, tensors = self.manifest_file(key), self.tensor_file(key)
        manifest = read(OutputsManifest, file)
        if manifest.key != key:
            raise DamagedFileError(file, "it is that of another network", BY_TRAINING)
        try:
            sha256 = _sha256_once(tensors)
        except FileNotFoundError:
            raise DamagedFileError(tensors, "it is missing", BY_TRAINING) from None
        if manifest.tensors_sha256 != sha256:
            reason = "its content has another hash than when it was written"
            raise DamagedFileError(tensors, reason, BY_TRAINING)
        return manifest

    def members_of(self, key: str) -> tuple[str, ...]:
        """Return the keys of an ensemble's networks; of another network, or a damaged one, its own.

        See `Plan.members_of`.
        """
        try:
            return self.check(key).members or (key,)
        except (FileNotFoundError, ValueError):
            return (key,)

    def damage(self, key: str) -> DamagedFileError | None:
        """Return what is damaged of a network's outputs; None where they are whole or absent."""
        try:
            self.check(key)
        except DamagedFileError as error:
            return DamagedFileError(error.file, error.reason, BY_TRAINING)
        except (FileNotFoundError, ValueError):
            return None
        return None

    def load(self, key: str) -> tuple[dict[str, Outputs], OutputsManifest]:
        """Return a network's outputs on "train" and each of OUTPUT_SPLITS, and their manifest.

        "train" holds the images of `sample_classes`. Raises what `check` raises.
        """
        manifest = self.check(key)
        prior = np.array(manifest.effective_prior)
        with open_tensors(self.tensor_file(key), "np") as file:
            heads = {name for name in file.keys() if name.startswith("head.")}  # noqa: SIM118
            # a head that is not one linear layer has no weight (C, D) to look at
            is_linear = "head.weight" in heads <= _LINEAR
            head = file.get_tensor("head.weight") if is_linear else None
            outputs = {
                split: Outputs(
                    file.get_tensor(f"{split}.logits"),
                    file.get_tensor(f"{split}.features"),
                    file.get_tensor(f"{split}.labels").astype(np.int64),
                    head,
                    prior,
                )
                for split in ("train", *OUTPUT_SPLITS)
            }
        return outputs, manifest

    def combine(self, key: str, members: Sequence[str]) -> None:
        """Write the outputs of an ensemble, made from those of its networks.

        Their features stand side by side. What was measured of a training stays with the members:
        it is audited there, and an ensemble has no curve. Raises what `check` raises.
        """
        loaded = [self.load(member) for member in members]
        manifests = [manifest for _, manifest in loaded]
        tensors: dict[str, Tensor] = {}
        for split in ("train", *OUTPUT_SPLITS):
            combined = combine_outputs([outputs[split] for outputs, _ in loaded])
            # in double precision: labels of a model that is exported are from the same numbers
            tensors[f"{split}.logits"] = torch.from_numpy(combined.logits)
            tensors[f"{split}.features"] = torch.from_numpy(combined.features)
            tensors[f"{split}.labels"] = torch.from_numpy(combined.labels)
        prior = () if combined.effective_prior is None else combined.effective_prior.tolist()
        drawn = np.sum([manifest.drawn for manifest in manifests], axis=0)
        made = OutputsManifest(
            seed=manifests[0].seed,
            steps=sum(manifest.steps for manifest in manifests),
            seconds=round(sum(manifest.seconds for manifest in manifests), 3),
            drawn=tuple(drawn.tolist()),
            distinct_images=max(manifest.distinct_images for manifest in manifests),
            augmented_images=sum(manifest.augmented_images for manifest in manifests),
            measured_step_ranges=(),
            micro_batch=max(manifest.micro_batch for manifest in manifests),
            curve=(),
            losses=(),
            effective_prior=tuple(prior),
            members=tuple(members),
        )
        self.save(key, tensors, made)


def sample_classes(labels: NDArray[np.int64], most: int = IMAGES_PER_CLASS) -> NDArray[np.int64]:
    """Return positions of at most `most` images of each class, evenly spaced, in their order."""
    positions = (np.flatnonzero(labels == c) for c in np.unique(labels))
    samples = [evenly_spaced(p, most) for p in positions]
    return np.sort(np.concatenate(samples)) if samples else np.empty(0, np.int64)


def output_tensors(
    splits: Mapping[str, tuple[Tensor, Tensor, NDArray[np.int64]]], head: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return a network's outputs by the names that they are stored under.

    `splits` holds for each split logits (N, C), features (N, D) and labels (N,); `head` is the
    state of the head. Features are kept in half precision; larger numbers than it has become its
    largest.
    """
    tensors = {f"head.{name}": tensor for name, tensor in head.items()}
    for split, (logits, features, labels) in splits.items():
        tensors[f"{split}.logits"] = logits.float()
        tensors[f"{split}.features"] = to_half(features)
        tensors[f"{split}.labels"] = torch.from_numpy(labels)
    return tensors


def _sha256(path: Path) -> str:
    with open_plain(path) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:  # such as a bad block of the disk
            raise why_not_read(path, error) from None


_sha256_once = once_while_unchanged(_sha256)
