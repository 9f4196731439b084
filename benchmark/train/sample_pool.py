"""What a stretch draws from: the training images, and rows that a strategy makes up beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.strategy import FeatureSynthesizer


@dataclass(frozen=True)
class SamplePool:
    """N training images and S made-up rows of features behind them.

    Attributes
    ----------
    labels
        Of both, (N + S,).
    images
        N.
    features
        Of both, (N + S, D), where the head alone is trained; (0, D) if no image is shown as it is,
        None if the network is trained.
    new
        Rows that are not those of an image, (N + S,): a made-up row that repeats one is none.
    """

    labels: NDArray[np.int64]
    images: int
    features: Tensor | None
    new: NDArray[np.bool_]

    @classmethod
    def of(cls, labels: NDArray[np.int64], features: Tensor | None) -> SamplePool:
        """Return the training images alone."""
        return cls(labels, len(labels), features, np.zeros(len(labels), bool))

    def with_made_up(self, synthesis: FeatureSynthesizer, rng: np.random.Generator) -> SamplePool:
        """Return them with the rows that a strategy makes up.

        Raises
        ------
        ValueError
            If the network itself is trained, whose features change from step to step, or if what is
            made up is not rows (S, D) with labels (S,) of the training images' classes.
        """
        if self.features is None:
            raise ValueError(
                "features can be made up where the last layer alone is trained: give the stage "
                "trains='head'"
            )
        known = self.features.cpu().numpy()
        rows, labels = synthesis(known, self.labels, rng)
        classes = np.unique(self.labels)
        if rows.shape != (len(labels), known.shape[1]) or not np.isin(labels, classes).all():
            raise ValueError(
                f"made-up features must be rows (S, {known.shape[1]}) with labels (S,) out of "
                f"{classes.tolist()}; got {rows.shape} and {labels.shape}, labels "
                f"{np.unique(labels).tolist()}"
            )
        made = torch.from_numpy(rows.astype(known.dtype, copy=False)).to(self.features.device)
        there = {row.tobytes() for row in known}
        new = np.array([row.tobytes() not in there for row in made.cpu().numpy()], bool)
        return replace(
            self,
            labels=np.concatenate((self.labels, labels)),
            features=torch.cat((self.features, made)),
            new=np.concatenate((self.new, new)),
        )
