"""The rows that a sampler draws from: training images, and a strategy's synthetic features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.strategy import FeatureSynthesizer


@dataclass(frozen=True)
class SamplePool:
    """N training images, followed by S synthetic rows of features.

    The features are None if the network itself is trained, and (0, D) if every image is augmented
    before use. A synthetic row that repeats an image is not counted as synthetic.
    """

    labels: NDArray[np.int64]  # (N + S,)
    images: int  # N
    features: Tensor | None  # (N + S, D), where the head alone is trained
    synthetic: NDArray[np.bool_]  # (N + S,) rows that equal no image's
    kept: NDArray[np.bool_]  # (N,) images that a sampler may draw

    def added_by_class(self, classes: int) -> NDArray[np.int64]:
        """Rows that are not those of the images, by class, (C,)."""
        return np.bincount(self.labels[self.images :], minlength=classes)

    @cached_property
    def rank_by_class(self) -> NDArray[np.int64]:
        """Position of each image if all are put in the order of their classes, (N,)."""
        rank = np.empty(self.images, np.int64)
        rank[np.argsort(self.labels[: self.images], kind="stable")] = np.arange(self.images)
        return rank

    @property
    def drawable(self) -> NDArray[np.int64]:
        """Positions of the rows that a sampler may draw: images that are kept, synthetic rows."""
        return np.r_[np.flatnonzero(self.kept), np.arange(self.images, len(self.labels))]

    @classmethod
    def from_images(
        cls,
        labels: NDArray[np.int64],
        features: Tensor | None,
        kept: NDArray[np.bool_] | None = None,
    ) -> SamplePool:
        """Return the training images alone, those that are `kept` (N,) or all."""
        none, every = np.zeros(len(labels), bool), np.ones(len(labels), bool)
        return cls(labels, len(labels), features, none, every if kept is None else kept)

    def with_synthetic(
        self, synthesizer: FeatureSynthesizer, rng: np.random.Generator
    ) -> SamplePool:
        """Return the images together with the rows of a strategy's synthesizer.

        Raises
        ------
        ValueError
            If the network itself is trained, because its features change from step to step, or if
            the rows are not (S, D) with labels (S,) of the training images' classes.
        """
        if self.features is None:
            raise ValueError(
                "features can be synthesized only where the last layer alone is trained: give the "
                "stage train_from='head'"
            )
        known = self.features.cpu().numpy()[self.kept]
        own_labels = self.labels[self.kept]
        made = synthesizer(known.copy(), own_labels.copy(), rng)
        if not isinstance(made, tuple) or len(made) != 2:
            raise ValueError(
                "a synthesizer must return features (S, D) and labels (S,); "
                f"{type(synthesizer).__qualname__} returned an object of type {type(made).__name__}"
            )
        rows, labels = map(np.asarray, made)
        classes = np.unique(own_labels)
        if not np.issubdtype(labels.dtype, np.integer) or not np.isfinite(rows).all():
            raise ValueError(
                "synthetic features must be finite and their labels integers; "
                f"{type(synthesizer).__qualname__} returned labels of {labels.dtype}, and "
                f"{int((~np.isfinite(rows)).sum())} numbers that are infinite or NaN"
            )
        if rows.shape != (len(labels), known.shape[1]) or not np.isin(labels, classes).all():
            raise ValueError(
                f"synthetic features must be rows (S, {known.shape[1]}) with labels (S,) out of "
                f"{classes.tolist()}; got {rows.shape} and {labels.shape}, labels "
                f"{np.unique(labels).tolist()}"
            )
        added = torch.from_numpy(rows.astype(known.dtype, copy=False)).to(self.features.device)
        contents = {row.tobytes() for row in known}
        synthetic = np.array([row.tobytes() not in contents for row in added.cpu().numpy()], bool)
        return replace(
            self,
            labels=np.concatenate((self.labels, labels)),
            features=torch.cat((self.features, added)),
            synthetic=np.concatenate((self.synthetic, synthetic)),
        )
