"""Whether the loss was still falling when training ended: then a ranking is of unfinished networks.

The question is put to the last phase of the recipe, and time is counted in learning, the sum of the
factors of the learning rates: a schedule that ends at a rate of zero flattens every loss, however
far from its end the training is. Such rates also bring a loss down that large ones held up; so it
must fall in the last quarter of the steps as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import linregress

from benchmark.evaluation.statistics import Floats

if TYPE_CHECKING:  # which holds the result of a run
    from benchmark.analysis.comparison import Comparison

MIN_SHARE = 0.1  # of the fall since guessing, in the second half: see `LossTrend`
MIN_LATE_SHARE = 0.01  # in the last quarter of the steps, where a cosine does 3 % of its learning
WOBBLE = 0.005  # of the loss of guessing: less is the unrest of a plateau
RISES = 0.05  # p of a training loss that rises


class Share(NamedTuple):
    """Which share of a loss's fall, from guessing to the end, came late; NaN if it hardly fell."""

    second_half: float  # of the learning
    last_quarter: float  # of the steps: rates that fall to zero bring the loss down before that

    @property
    def is_falling(self) -> bool:
        """Whether a tenth or more of the fall came in the second half, and did not end there."""
        return self.second_half >= MIN_SHARE and self.last_quarter >= MIN_LATE_SHARE


@dataclass(frozen=True)
class LossTrend:
    """How the loss of one network moved in the learning of its last phase, or of its last head.

    Where a loss falls exponentially, a share s in the second half leaves about s squared to come;
    where it falls as a power of time, twice the training gains as much once more.
    """

    over_images: Share  # of the validation loss as a mean over images
    over_classes: Share  # as a mean over classes: rare ones are learnt last
    training_rises: bool  # the training loss rises significantly: there is nothing left to gain

    @property
    def is_falling(self) -> bool:
        """Whether the loss was still falling when training ended."""
        falling = self.over_images.is_falling or self.over_classes.is_falling
        return falling and not self.training_rises


def loss_trend(curve: pd.DataFrame, losses: pd.DataFrame, classes: int) -> LossTrend:
    """Return the trend of one network: its rows of `Comparison.curves` and `Comparison.losses`."""
    at_step = np.concatenate([[0.0], losses["step"]])
    learning = np.concatenate([[0.0], losses["learning"].cumsum()])
    begin, end = losses["schedule_start"].iloc[-1], losses["step"].iloc[-1]
    start, whole = np.interp([begin, end], at_step, learning)
    curve = curve[curve["step"] > begin]
    progress = (np.interp(curve["step"], at_step, learning) - start) / (whole - start)  # to 1
    own = losses[losses["start"] == losses["start"].iloc[-1]]  # before, the loss was another
    late = np.interp(own["step"], at_step, learning) - start > (whole - start) / 2 + 1e-9
    # of the learning when three quarters of the steps are over
    quarter = (np.interp(end - (end - begin) / 4, at_step, learning) - start) / (whole - start)
    over_images, over_classes = (
        _share(progress, curve[name].to_numpy(float), float(quarter), float(np.log(classes)))
        for name in ("val_loss", "val_loss_over_classes")
    )
    return LossTrend(over_images, over_classes, _rises(own["loss"][late].to_numpy(float)))


def _share(progress: Floats, losses: Floats, quarter: float, guessing: float) -> Share:
    """Return which share of a loss's fall came late; `progress` (n,) ends at 1.

    Where the loss begins above guessing, as with a head of large logits, it falls from there.
    """
    late = np.interp([0.5, quarter], progress, losses) - losses[-1]
    whole = max(guessing, losses[0]) - losses[-1]
    hardly = not (whole > 0 and late[0] >= WOBBLE * guessing)  # also of NaN
    return Share(np.nan, np.nan) if hardly else Share(*(late / whole).tolist())


def _rises(losses: Floats) -> bool:
    """Return whether a straight line through losses (n,) rises significantly."""
    if len(losses) < 3 or np.ptp(losses) == 0:
        return False
    return bool(linregress(np.arange(len(losses)), losses, alternative="greater").pvalue < RISES)


def still_falling(comparison: Comparison) -> dict[str, bool]:
    """Return strategy -> whether its loss was still falling, in half of its seeds or more.

    Strategies are those that finished a seed. A run of an earlier version, which recorded no
    training losses, has none.
    """
    return {
        str(strategy): bool(np.mean(rows) >= 0.5)
        for strategy, rows in _falling_by_seed(comparison).groupby(level=0, sort=False)
    }


def _falling_by_seed(comparison: Comparison) -> pd.Series:
    """Strategy and seed -> whether the loss was still falling."""
    keys, classes = ["strategy", "seed"], len(comparison.classes)
    losses = dict(iter(comparison.losses.groupby(keys)))
    falling = {
        key: loss_trend(curve, losses[key], classes).is_falling
        for key, curve in comparison.curves.groupby(keys, sort=False)
        if key in losses
    }
    index = pd.MultiIndex.from_tuples(falling, names=keys)
    return pd.Series(list(falling.values()), index, dtype=bool)
