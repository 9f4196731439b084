"""The images of a run, and where its kept networks look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.execution.networks import NetworkStore
from benchmark.inference.grad_cam import GradCam
from benchmark.system.device import set_precision

if TYPE_CHECKING:
    from benchmark.data.pixels.store import Pixels
    from benchmark.execution.executor import Executor
    from benchmark.execution.prepare import PreparedExperiment
    from benchmark.strategy import Head


class Attention(NamedTuple):
    """Where a network looks in N images."""

    maps: NDArray[np.float32]  # (N, h, w), 0 to 1, see `GradCam.maps`
    block: str  # whose output the maps are of
    networks: int = 1  # of an ensemble, whose maps are averaged


@dataclass(frozen=True)
class RunImages:
    """Pixels by file, and Grad-CAM of the networks that are kept."""

    prepared: PreparedExperiment
    networks: NetworkStore
    heads: Mapping[str, Head]  # by the key of a network
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by that of an ensemble

    @classmethod
    def of_run(cls, executor: Executor) -> RunImages:
        """Return the images of a run that is carried out."""
        heads = {segment.key: segment.head for segment in executor.plan.segments}
        prepared, members = executor.prepared.here(), executor.plan.members
        return cls(prepared, NetworkStore(executor.folder), heads, members)

    @classmethod
    def to_show(cls, executor: Executor, no_gallery: bool) -> RunImages | None:
        """Return them where they are to be shown, so not for `no_gallery` or a run of a sweep.

        With `no_gallery`, a page of an earlier run is removed: its images must not stay.
        """
        if no_gallery:
            executor.folder.gallery_file.unlink(missing_ok=True)
        return None if no_gallery or executor.others else cls.of_run(executor)

    @property
    def pixels(self) -> Pixels:
        """The stored pixels of all images."""
        return self.prepared.pixels

    @cached_property
    def rows(self) -> dict[str, int]:
        """The number of each image, by its file."""
        return {file: row for row, file in enumerate(self.prepared.images.files)}

    def kept(self, keys: Sequence[str]) -> set[str]:
        """Return which networks are kept, of an ensemble all; their files are not looked at."""
        stored = self.networks.sizes({member for key in keys for member in self._members_of(key)})
        return {key for key in keys if stored.keys() >= {*self._members_of(key)}}

    def attention(self, key: str, files: Sequence[str], classes: Sequence[int]) -> Attention:
        """Return where a network looks for a class of each of N images; an ensemble, on average.

        Raises
        ------
        FileNotFoundError
            If the network is not kept; DamagedFileError if it is not what was written.
        NoFeatureMapError
            If it has no map with positions.
        """
        set_precision(self.prepared.device)
        looks = [self._look(member, files, classes) for member in self._members_of(key)]
        mean = np.mean([maps for maps, _ in looks], axis=0, dtype=np.float32)
        largest = mean.max((1, 2), keepdims=True, initial=0)
        maps = np.divide(mean, largest, out=np.zeros_like(mean), where=largest > 0)
        return Attention(maps, looks[0][1], len(looks))

    def _members_of(self, key: str) -> tuple[str, ...]:
        return self.members.get(key, (key,))

    def _look(
        self, key: str, files: Sequence[str], classes: Sequence[int]
    ) -> tuple[NDArray[np.float32], str]:
        trained = self.networks.load(key, self.prepared, self.heads[key])
        grad_cam = GradCam.choose(trained, self.prepared.experiment.image_size)
        rows = np.array([self.rows[file] for file in files], np.int64)
        maps = grad_cam.maps(self.pixels.array[rows], np.array(classes, np.int64))
        return maps, grad_cam.block
