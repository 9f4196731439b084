"""What is known of the images of a pixel store, in a JSON file that carries a hash of itself."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from benchmark.data.decoding.unreadable import BrokenAccess, PassingReason
from benchmark.data.pixels.image_info import ImageInfo, info_columns
from benchmark.storage.json_file import read_json, write_json

FACTS = [each.name for each in fields(ImageInfo)]


def read_meta(folder: Path) -> dict[str, Any] | None:
    """Return the description of a finished store; None if there is none or it was damaged."""
    return read_json(folder / "meta.json")


def write_meta(
    folder: Path, infos: Mapping[int, ImageInfo], errors: Mapping[int, str]
) -> dict[str, Any]:
    """Describe a store; what has failed in passing is noted, so that it is tried again."""

    def failed(kind: type) -> list[int]:
        return sorted(index for index, reason in errors.items() if isinstance(reason, kind))

    meta: dict[str, Any] = {
        "infos": {"index": list(infos), **info_columns(infos.values())},
        "errors": {str(index): errors[index] for index in sorted(errors)},
        "passing": failed(PassingReason),
        "broken": failed(BrokenAccess),
    }
    write_json(folder / "meta.json", meta)
    return meta


def errors_of(meta: Mapping[str, Any]) -> dict[int, str]:
    """Return why images can't be read, by index, with the kinds of the reasons."""
    errors = {int(index): reason for index, reason in meta["errors"].items()}
    errors |= {index: PassingReason(errors[index]) for index in meta["passing"]}
    return errors | {index: BrokenAccess(errors[index]) for index in meta["broken"]}


def infos_of(meta: Mapping[str, Any]) -> dict[int, ImageInfo]:
    """Return facts about the readable images, by index."""
    columns = meta["infos"]
    rows = zip(*(columns[name] for name in FACTS), strict=True)
    return dict(zip(columns["index"], (ImageInfo(*row) for row in rows), strict=True))
