"""Which label noise an experiment has: nothing is read or drawn yet."""

from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

from benchmark.spec import did_you_mean
from benchmark.storage.user_folders import expand_home

SYMMETRIC, ASYMMETRIC, FILE = KINDS = ("symmetric", "asymmetric", "file")
ALLOWED = (
    "0, or a share of wrong labels below 1, like 0.18 (toward any other class) or asymmetric:0.18 "
    "(toward the most similar class); or a CSV file with the columns path,label; with @val at the "
    "end for wrong labels in validation too"
)
_VALIDATION = "@val"


@dataclass(frozen=True)
class LabelNoise:
    """Which labels are made wrong; see `inject_label_noise`."""

    kind: str = SYMMETRIC  # one of KINDS
    rate: float = 0.0  # share of wrong labels, in [0, 1)
    file: str = ""  # of the given labels, as the user wrote it
    in_validation: bool = False  # whether validation labels are made wrong, too

    @property
    def name(self) -> str:
        """Return what `read_label_noise` reads as the same noise: '0.18', 'asymmetric:0.18@val'."""
        share = f"{self.rate:g}"
        names = {SYMMETRIC: share, ASYMMETRIC: f"{ASYMMETRIC}:{share}", FILE: self.file}
        return names[self.kind] + (_VALIDATION if self.in_validation else "")

    def __bool__(self) -> bool:
        """Tell whether any label is made wrong."""
        return self.kind == FILE or self.rate > 0

    def __str__(self) -> str:
        return self.name


def read_label_noise(value: Any) -> LabelNoise:
    """Read 0.18, '0.18@val', 'asymmetric:0.18', 'labels.csv'; 0 and 'none' are no noise.

    Raises
    ------
    TypeError, ValueError
        If it is none of these, with a sentence for a kind that is not known.
    """
    if isinstance(value, LabelNoise):
        return value
    if isinstance(value, bool) or not isinstance(value, Real | str | Path):
        raise TypeError(f"{value!r} is no label noise")
    text = str(value).strip()
    in_validation = text.endswith(_VALIDATION)
    text = text.removesuffix(_VALIDATION)
    kind, colon, share = text.partition(":")
    rate = _number(share if colon else text)
    if rate is None:
        return _of_file(text, in_validation)
    kind = kind if colon else SYMMETRIC
    if kind not in (SYMMETRIC, ASYMMETRIC):
        hint = did_you_mean(kind, (SYMMETRIC, ASYMMETRIC))
        raise ValueError(f"label noise {text!r} is not allowed.{hint} Allowed: {ALLOWED}")
    if not 0 <= rate < 1:
        raise TypeError(f"{rate} is no share")
    return LabelNoise(kind, rate, in_validation=in_validation) if rate else LabelNoise()


def _of_file(text: str, in_validation: bool) -> LabelNoise:
    """Return the noise of a file; TypeError for a text that names none."""
    if text.lower() == "none":
        return LabelNoise()
    path = expand_home(text)
    share = text.rpartition(":")[2].partition("@")[0]  # 0.2@test is no file that is missing
    may_be_file = bool(path.suffix) and _number(share) is None
    if not text or not (may_be_file or path.exists()):
        raise TypeError(f"{text!r} is no label noise")
    return LabelNoise(FILE, file=text, in_validation=in_validation)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
