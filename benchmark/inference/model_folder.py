"""The folder of an exported model: its tensors, what they are, and a card for people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from benchmark.inference.model_info import FORMAT, ModelInfo
from benchmark.model.tensor_file import write_tensors
from benchmark.storage.stored_file import DamagedFileError, open_plain
from benchmark.storage.typed_json import from_object, read_object, write

TENSORS, INFO, CARD = "model.safetensors", "model.json", "README.md"
REMEDY = "Export the model again, or copy its folder anew"


@dataclass(frozen=True)
class ModelFolder:
    """Reading and writing of the files of a model."""

    path: Path

    def write(self, networks: Sequence[Mapping[str, Tensor]], info: ModelInfo) -> ModelInfo:
        """Write tensors and their description; return it with the hash of the tensors.

        Of several networks the names begin with their number, like ``0.head.weight``.
        """
        tensors = {
            name if len(networks) == 1 else f"{number}.{name}": tensor.detach().cpu().contiguous()
            for number, network in enumerate(networks)
            for name, tensor in network.items()
        }
        file = self.path / TENSORS
        write_tensors(file, tensors, {"format": "pt"})
        info = replace(info, tensors_sha256=hashlib.sha256(file.read_bytes()).hexdigest())
        write(self.path / INFO, info)  # last: a model without it is none
        return info

    @property
    def was_written(self) -> bool:
        """Whether model.json is one of `write`, be it damaged or of another version."""
        try:
            return b'"tensors_sha256"' in self._content(self.path / INFO)
        except DamagedFileError:  # a link, or no plain file
            return False

    def read(self) -> tuple[ModelInfo, list[dict[str, Tensor]]]:
        """Return the description of a model and the tensors of each of its networks.

        Raises
        ------
        FileNotFoundError
            If the folder holds no model.
        DamagedFileError
            If a file is not what was written; another ValueError for a model of another version.
        """
        info = self.read_info()
        content = self._content(self.path / TENSORS)
        if hashlib.sha256(content).hexdigest() != info.tensors_sha256:
            reason = f"its sha256 is not the one that {INFO} names"
            raise DamagedFileError(self.path / TENSORS, reason, REMEDY)
        try:
            tensors = load(content)
        except SafetensorError as error:
            raise DamagedFileError(self.path / TENSORS, str(error), REMEDY) from error
        if len(info.networks) == 1:
            return info, [tensors]
        prefixes = [f"{number}." for number in range(len(info.networks))]
        return info, [
            {name[len(p) :]: each for name, each in tensors.items() if name.startswith(p)}
            for p in prefixes
        ]

    def read_info(self) -> ModelInfo:
        """Return the description of a model; it raises what `read` does."""
        file = self.path / INFO
        if not file.exists():
            raise FileNotFoundError(
                f"{self.path} holds no model: there is no {INFO} in it. Give a folder that "
                "`python -m benchmark export DIR` has written"
            )
        content = self._content(file)
        if content.count(b"\r") not in (0, content.count(b"\n")):  # a checkout may have changed all
            raise DamagedFileError(file, "it holds a carriage return that was not written", REMEDY)
        try:
            fields = read_object(file)
            if fields.get("format") != FORMAT:  # first: it may have other fields
                raise ValueError(
                    f"{file} has format {fields.get('format')}, and this version of "
                    f"imbalance-bench reads {FORMAT}. Use the version that wrote it"
                    f"{_version(fields)}"
                )
            return from_object(ModelInfo, fields, file)
        except DamagedFileError as error:
            raise DamagedFileError(file, error.reason, REMEDY) from None

    def _content(self, file: Path) -> bytes:
        try:
            with open_plain(file) as stream:
                return stream.read()
        except DamagedFileError as error:
            raise DamagedFileError(file, error.reason, REMEDY) from None
        except FileNotFoundError:
            raise DamagedFileError(file, "it is missing", REMEDY) from None


def _version(fields: Mapping[str, Any]) -> str:
    versions = fields.get("versions")
    return f" ({versions.get('benchmark')})" if isinstance(versions, Mapping) else ""
