"""What is known of the images of a pixel store: arrays, and a JSON file with the hashes of all."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.data.content_digests import Digests
from benchmark.data.decoding.unreadable import BrokenAccess, PassingReason
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_info import ImageInfo
from benchmark.storage.atomic import atomic
from benchmark.storage.json_file import read_json, write_json
from benchmark.storage.stored_file import DamagedFileError, open_plain, why_not_read

FACTS = [each.name for each in fields(ImageInfo)]
_META, _COLUMNS, _THUMBNAILS = "meta.json", "facts.npz", "thumbnails.bin"
_DIGESTS = "digest"  # among the columns


@dataclass(frozen=True, eq=False)
class Description:
    """What is known of the images of a store, by their indices."""

    infos: ImageFacts  # of the readable ones
    errors: dict[int, str]  # why the others can't be read, with the kinds of the reasons
    passing: list[int]  # could not be read for a reason that may pass


def read_meta(folder: Path) -> Description | None:
    """Return the description of a finished store; None if there is none or it was damaged."""
    meta = read_json(folder / _META)
    if meta is None or meta["hashes"] != {name: _hash(folder / name) for name in meta["hashes"]}:
        return None
    with np.load(folder / _COLUMNS, allow_pickle=False) as file:
        columns = {name: file[name] for name in file.files}
    digests = Digests(columns.pop(_DIGESTS))
    infos = ImageFacts(columns, meta["texts"], digests, folder / _THUMBNAILS)
    return Description(infos, _errors_of(meta), meta["passing"])


def write_meta(
    folder: Path, infos: Mapping[int, ImageInfo], errors: Mapping[int, str]
) -> Description:
    """Describe a store; what has failed in passing is noted, so that it is tried again."""

    def failed(kind: type) -> list[int]:
        return sorted(index for index, reason in errors.items() if isinstance(reason, kind))

    facts = ImageFacts.from_infos(infos)
    with atomic(folder / _COLUMNS) as temporary, temporary.open("wb") as file:
        arrays: dict[str, Any] = {_DIGESTS: facts.digests.values, **facts.columns}
        np.savez(file, **arrays)
    if not isinstance(facts.thumbnails, Path):
        with atomic(folder / _THUMBNAILS) as temporary:
            facts.thumbnails.astype("<u2", copy=False).tofile(temporary)
    meta: dict[str, Any] = {
        "hashes": {name: _hash(folder / name) for name in (_COLUMNS, _THUMBNAILS)},
        "texts": facts.texts,
        "errors": {str(index): errors[index] for index in sorted(errors)},
        "passing": failed(PassingReason),
        "broken": failed(BrokenAccess),
    }
    write_json(folder / _META, meta)
    infos = replace(facts, thumbnails=folder / _THUMBNAILS)
    return Description(infos, _errors_of(meta), meta["passing"])


def _errors_of(meta: Mapping[str, Any]) -> dict[int, str]:
    errors = {int(index): reason for index, reason in meta["errors"].items()}
    errors |= {index: PassingReason(errors[index]) for index in meta["passing"]}
    return errors | {index: BrokenAccess(errors[index]) for index in meta["broken"]}


def _hash(file: Path) -> str:
    """Return the sha256 of a file, '' of one that is missing or damaged; see `open_plain`."""
    with suppress(FileNotFoundError, DamagedFileError), open_plain(file) as stream:
        try:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise why_not_read(file, error) from None
    return ""
