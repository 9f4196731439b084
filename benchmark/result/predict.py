"""Predict the classes of image files by an exported model, and write a CSV file of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmark.inference.abstention import threshold_for
from benchmark.inference.listed_images import list_images
from benchmark.inference.loading import load_model
from benchmark.inference.prediction_rows import COLUMNS, prediction_rows
from benchmark.inference.readers import path_reader
from benchmark.plan.prediction_settings import MAX_ERROR
from benchmark.report.render.csv_writer import write_frames
from benchmark.storage.unwritable import require_writable, writing
from benchmark.storage.user_folders import expand_home
from benchmark.system.display import choose_progress
from benchmark.system.progress import Progress


@dataclass(frozen=True)
class FilePredictions:
    """What a model says of image files."""

    table: pd.DataFrame  # COLUMNS, one row a file, in the order in which they were given
    threshold: float  # of the confidence, below which a row is for review
    messages: tuple[str, ...]
    file: Path | None  # where the table was written


def predict_files(
    model: str | Path,
    images: str | Path | Iterable[str | Path],
    *,
    out: str | Path | None = None,
    max_error: float = MAX_ERROR,
    device: str = "auto",
    plugin: str | Iterable[str] = (),
    progress: Progress | bool | None = None,
) -> FilePredictions:
    """Return a table of the classes of image files, by the model in a folder.

    Parameters
    ----------
    images
        Files, folders, and CSV files with a column ``path``; one of these or several.
    out
        A CSV file to write the table to; None: none.
    max_error
        Images are marked for review so that at most this share of the others was wrong on
        validation images.
    device, plugin
        As of `load_model`.
    progress
        As of `benchmark.run`.

    Raises
    ------
    ValueError, FileNotFoundError
        As of `load_model`; if what is given holds no image; if `out` is there and holds something
        else. An image that can't be read is a row of the table, with the reason.
    """
    path = None if out is None else _require_place(expand_home(out))
    listed = list_images([images] if isinstance(images, str | Path) else images)
    classifier = load_model(model, device=device, plugin=plugin)
    threshold = threshold_for(classifier.info.error_by_threshold, max_error)
    rows = dict[int, dict[str, object]]()
    reader, count = path_reader(listed.paths), len(listed.paths)
    with choose_progress(progress).task("images", count, "images") as advance:
        for block in classifier.predict_blocks(reader, count):
            rows |= prediction_rows(classifier, block, threshold)
            advance(len(block.indices) + len(block.errors))
    ordered = [{"file": name, **rows[index]} for index, name in enumerate(listed.names)]
    table = pd.DataFrame(ordered, columns=COLUMNS)
    if path:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_frames({path.name: table}, path.parent)
    return FilePredictions(table, threshold, listed.messages, path)


def _require_place(path: Path) -> Path:
    """Return the path; ValueError if something is there that is no table of predictions.

    OSError if it can't be written: known before the images are decoded.
    """
    if path.exists() and not (path.is_file() and _is_predictions(path)):
        raise ValueError(f"{path} is there and holds no predictions; give another --out")
    require_writable(path.parent)
    return path


def _is_predictions(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().startswith("file,class,confidence")
