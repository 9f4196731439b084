"""Components that return, raise or change what they should not; see `test_misbehaving`."""

import gc
import itertools
import threading
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from benchmark.strategy import CheckResult, CrossEntropy, Stage, Strategy, strategy

COUNTED = itertools.count()
LOSSES = {
    "scalar": lambda losses: losses.mean(),
    "two_columns": lambda losses: losses[:, None].repeat(1, 2),
    "number": lambda losses: 1.0,
    "integers": lambda losses: losses.long(),
    "without_gradient": lambda losses: losses.detach(),
    "on_meta": lambda losses: losses.to("meta"),
    "nothing": lambda losses: None,
    "infinite": lambda losses: losses / 0,
    "not_a_number": lambda losses: losses * float("nan"),
    "complex": lambda losses: losses.to(torch.complex64),
}


@dataclass(frozen=True)
class Returning(CrossEntropy):
    """Returns something else than losses."""

    what: str = ""

    def __call__(self, logits, target, counts):
        """Return anything."""
        return LOSSES[self.what](super().__call__(logits, target, counts))


@strategy(groups=("misbehaving",))
def returning(what: str = "") -> Strategy:
    """Returns no losses. L = ?"""
    return Strategy((Stage(loss=Returning(what=what)),))


@dataclass(frozen=True)
class Changing(CrossEntropy):
    """Changes what it is given, in place."""

    what: str = ""

    def __call__(self, logits, target, counts):
        """Return losses of what was changed."""
        losses = super().__call__(logits, target, counts)
        with torch.no_grad():
            if self.what == "logits":
                logits.mul_(2)
            elif self.what == "target":
                target.zero_()
            elif self.what == "counts":
                counts.fill_(1)
            else:  # every parameter that it can find
                gc.unfreeze()  # or those that older objects hold would be hidden
                for held in gc.get_objects():
                    if isinstance(held, nn.Parameter):
                        held.mul_(0.5)
        return losses


@strategy(groups=("misbehaving",))
def changing(what: str = "") -> Strategy:
    """Changes its arguments. L = CE"""
    return Strategy((Stage(loss=Changing(what=what)),))


@dataclass(frozen=True)
class NanAt(CrossEntropy):
    """A loss that is no number from the third call on."""

    def __call__(self, logits, target, counts):
        """Return losses."""
        losses = super().__call__(logits, target, counts)
        return losses * float("nan") if logits.grad_fn and next(COUNTED) >= 2 else losses


@strategy(groups=("misbehaving",))
def nan_at_step_3() -> Strategy:
    """Diverges. L = NaN"""
    return Strategy((Stage(loss=NanAt()),))


@dataclass(frozen=True)
class HugeGradient(CrossEntropy):
    """A finite loss whose gradient is not finite."""

    def __call__(self, logits, target, counts):
        """Return zeros, whose gradient is 0 / 0."""
        return (logits * 0).sum(1).sqrt() * 0 + 1


@strategy(groups=("misbehaving",))
def nan_gradient() -> Strategy:
    """Has a finite loss and a gradient of NaN. L = sqrt(0)"""
    return Strategy((Stage(loss=HugeGradient()),))


DRAWS = {
    "empty": lambda n: np.array([], int),
    "negative": lambda n: np.arange(-1, n - 1),
    "beyond": lambda n: np.arange(1, n + 1),
    "floats": lambda n: np.arange(n) / 2,
    "endless": lambda n: itertools.count(),
    "square": lambda n: np.zeros((n, 2), int),
    "text": lambda n: "abc",
    "nothing": lambda n: None,
    "booleans": lambda n: np.ones(n, bool),
}


@dataclass(frozen=True)
class Drawing:
    """Draws what can't be drawn."""

    what: str = ""

    def __call__(self, labels, rng):
        """Return positions."""
        if self.what == "changes_labels":
            labels[:] = 0
            return np.arange(len(labels))
        return DRAWS[self.what](len(labels))


@strategy(groups=("misbehaving",))
def drawing(what: str = "") -> Strategy:
    """Draws what is not there. i = ?"""
    return Strategy((Stage(sampler=Drawing(what=what)),))


@dataclass(frozen=True)
class Heads:
    """Builds a head that can't be one."""

    what: str = ""

    def __call__(self, width, classes):
        """Return a module."""
        if self.what == "nothing":
            return None
        if self.what == "too_narrow":
            return nn.Linear(width, classes - 1)
        if self.what == "too_wide":
            return nn.Linear(width, classes + 1)
        if self.what == "function":
            return lambda features: features[:, :classes]
        if self.what == "tuple":
            return TwoOutputs(width, classes)
        return nn.Linear(width + 1, classes)


class TwoOutputs(nn.Linear):
    """A head of two outputs."""

    def forward(self, x):
        """Return a tuple."""
        return super().forward(x), x


@strategy(groups=("misbehaving",))
def heads(what: str = "") -> Strategy:
    """Builds no head. f = ?"""
    return Strategy(head=Heads(what=what))


LABELS = {
    "beyond": lambda labels, c: labels * 0 + 99,
    "negative": lambda labels, c: labels * 0 - 1,
    "floats": lambda labels, c: labels * 0.5,
    "too_few": lambda labels, c: labels[:-1] * 0,
    "text": lambda labels, c: ["a"] * len(labels),
    "nothing": lambda labels, c: None,
    "ragged": lambda labels, c: [[1], [1, 2]],
}


@dataclass(frozen=True)
class Deciding:
    """Decides on what is no class, or changes what it decides on."""

    what: str = ""

    def fit(self, validation, counts):
        """Return a rule."""
        if self.what == "changes_outputs":
            validation.logits[:], validation.features[:], validation.labels[:] = 0, 0, 0
            counts[:] = 1
        if self.what == "changes_tensors":
            torch.from_numpy(validation.logits).zero_()

        def rule(outputs):
            if self.what.startswith("changes"):
                outputs.logits[:] = 0
                return outputs.logits.argmax(1)
            return LABELS[self.what](outputs.labels, len(counts))

        return rule


@strategy(groups=("misbehaving",))
def deciding(what: str = "") -> Strategy:
    """Decides wrongly. y = ?"""
    return Strategy(decision=Deciding(what=what))


@dataclass(frozen=True)
class Exiting:
    """Ends the process when it is fitted, or when it decides."""

    in_rule: bool = False

    def fit(self, validation, counts):
        """Return a rule."""
        if not self.in_rule:
            raise SystemExit(0)

        def rule(outputs):
            raise SystemExit("no decision")

        return rule


@strategy(groups=("misbehaving",))
def exiting_decision(in_rule: bool = False) -> Strategy:
    """Exits while it decides. y = ?"""
    return Strategy(decision=Exiting(in_rule=in_rule))


@dataclass(frozen=True)
class Raising:
    """An expectation that raises."""

    component: str = "loss"
    claim: str = "it raises"

    def check(self, measurement) -> CheckResult:
        """Raise."""
        raise SystemExit(3)


@strategy(groups=("misbehaving",))
def raising_expectation() -> Strategy:
    """Declares what raises. L = CE"""
    return Strategy((Stage(expectations=(Raising(),)),))


@dataclass(frozen=True)
class Augmenting:
    """Returns no images."""

    what: str = ""

    def selects(self, repeat_index):
        """Select all."""
        if self.what == "selects_numbers":
            return repeat_index
        return torch.ones_like(repeat_index, dtype=torch.bool)

    def __call__(self, images, repeat_index, rng):
        """Return something."""
        if self.what == "floats":
            return images.float() / 255
        if self.what == "smaller":
            return images[:, :, :8, :8]
        return images if self.what == "selects_numbers" else None


@strategy(groups=("misbehaving",))
def augmenting(what: str = "") -> Strategy:
    """Augments wrongly. x = ?"""
    return Strategy((Stage(augmentation=Augmenting(what=what)),))


@dataclass(frozen=True)
class Blending:
    """Returns no batch."""

    what: str = ""

    def __call__(self, images, target, counts, rng):
        """Return something."""
        if self.what == "images_alone":
            return images
        if self.what == "nan":
            return images * float("nan"), target
        return images[:1], target


@strategy(groups=("misbehaving",))
def blending(what: str = "") -> Strategy:
    """Mixes wrongly. x = ?"""
    return Strategy((Stage(mixing=Blending(what=what)),))


@dataclass(frozen=True)
class Synthesising:
    """Changes the features it is given, or returns what are none."""

    what: str = ""

    def __call__(self, features, labels, rng):
        """Return something."""
        if self.what == "changes":
            features[:] = 0
            labels[:] = 0
        if self.what == "lists":
            return [[0.0]], [0]
        if self.what == "nan":
            return features[:2] * np.nan, labels[:2]
        return features[:1], labels[:1] if self.what == "changes" else labels[:1] * 0.5


@strategy(groups=("misbehaving",))
def synthesising(what: str = "") -> Strategy:
    """Synthesises wrongly. z = ?"""
    return Strategy((Stage(synthesizer=Synthesising(what=what), train_from="head"),))


@dataclass(frozen=True)
class Unpicklable(CrossEntropy):
    """Holds a lock once it was called."""

    held: list = field(default_factory=list)

    def __call__(self, logits, target, counts):
        """Return losses."""
        self.held.append(threading.Lock())
        return super().__call__(logits, target, counts)


@strategy(groups=("misbehaving",))
def unpicklable() -> Strategy:
    """Gathers what can't be pickled. L = CE"""
    return Strategy((Stage(loss=Unpicklable()),))
