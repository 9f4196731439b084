"""Pixels of a fabricated run: every image has the colour of its class."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmark.analysis.comparison import Comparison, compare_records
from benchmark.analysis.gallery import choose_images, shown_seed
from benchmark.analysis.shown_images import Gallery
from tests.report.fabricate import FabricatedRun

SIZE = 16


def compare(run: FabricatedRun, folder: Any = None) -> Comparison:
    manifest = run.manifest
    path = folder or manifest.name
    return compare_records(path, manifest, run.splits, run.records, manifest.baseline)


def choose(run: FabricatedRun) -> Gallery:
    comparison = compare(run)
    seed = shown_seed(comparison)
    assert seed is not None
    return choose_images(comparison, seed, run.splits[seed])


class FabricatedImages:
    """As `RunImages`, of networks that look at the first corner, and of which some are kept."""

    def __init__(self, run: FabricatedRun, kept: Sequence[str] = (), error: Any = None) -> None:
        split = next(iter(run.splits.values()))
        parts = (split.train, split.val, split.test)
        files = dict.fromkeys(file for part in parts for file in part.files)
        self.rows = {file: row for row, file in enumerate(files)}
        self._kept, self._error = set(kept), error
        self.networks: dict[str, int] = {}  # how many an ensemble has
        self.looks: list[tuple[str, int]] = []  # a network, and at how many images it has looked
        infos = dict.fromkeys(range(len(files)), SimpleNamespace(width=400, height=300))
        array = np.broadcast_to(np.uint8(90), (len(files), SIZE, SIZE, 3))
        self.pixels = SimpleNamespace(array=array, infos=infos, key="pixels")

    def kept(self, keys: Sequence[str]) -> set[str]:
        return self._kept & set(keys)

    def attention(self, key: str, files: Sequence[str], classes: Sequence[int]) -> Any:
        if self._error:
            raise self._error
        self.looks.append((key, len(files)))
        maps = np.zeros((len(files), 4, 4), np.float32)
        maps[:, 0, 0] = 1
        return SimpleNamespace(maps=maps, block="tail", networks=self.networks.get(key, 1))
