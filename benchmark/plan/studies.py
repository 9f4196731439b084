"""Studies: a question that people ask, and the grid of runs that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.spec import did_you_mean

OWN = "own"  # the name of the study of a user's data
LEAST_PER_CLASS = 6  # images, on average: the smallest class has one in each part of the split
LONGER = "6"  # epochs a phase, against the 2 of the forum's recipe


@dataclass(frozen=True)
class Study:
    """A question, the settings that answer it, and where they start from."""

    name: str
    question: str  # as people have asked it
    data: str  # {images} and {classes} stand for their numbers; "" for the user's own
    images: int  # at scale 1; 0: as many as the data have
    classes: int  # 0: as many as the data have
    strategies: str  # beside the baseline
    axes: Mapping[str, tuple[str, ...]]  # setting -> the value that is asked about, and another
    improved: tuple[str, ...]  # settings whose other value should be better: they share the loss

    @property
    def title(self) -> str:
        """What the study is called in a sentence."""
        return "study of your own images" if self.name == OWN else f"study {self.name}"

    @property
    def reference(self) -> dict[str, str]:
        """The values that are asked about, by setting."""
        return {setting: values[0] for setting, values in self.axes.items()}

    def settings(self, scale: float) -> dict[str, Any]:
        """Return the settings of its runs, with so large a part of the images.

        Raises
        ------
        ValueError
            If `scale` is not above 0 and up to 1, or leaves too few images of a class to split.
        """
        if not 0 < scale <= 1:
            raise ValueError(f"scale {scale:g} is not allowed; allowed: above 0 and up to 1")
        axes = {setting: ",".join(values) for setting, values in self.axes.items()}
        return {**self._data(scale), "seeds": 3, **axes}

    def _data(self, scale: float) -> dict[str, str]:
        if not self.data:
            return {}
        images, least = round(scale * self.images), LEAST_PER_CLASS * self.classes
        if images < least:
            raise ValueError(
                f"scale {scale:g} leaves {images:,} of {self.images:,} images for {self.classes} "
                f"classes; allowed: {least / self.images:.4g} or more"
            )
        return {"data": self.data.format(images=images, classes=self.classes)}


STUDIES = {
    study.name: study
    for study in (
        Study(
            "forum17",
            "17 exclusive classes, the last layer of InceptionV3 replaced and trained for 2 "
            "epochs, then the second half for 2 epochs: why are many classes never predicted, and "
            "what helps?",
            "wheels:images={images},classes={classes},ratio=100",
            48_600,
            17,
            "all",
            {"fine_tune": ("half", "head"), "epochs": ("2", LONGER)},
            ("epochs",),
        ),
        Study(
            "noisy7",
            "7 classes of 4,000 to 5,000 images, 15 to 20 % of the labels wrong, only the last "
            "layer retrained: is that the limit, or is it the wrong labels?",
            "wheels:images={images},classes={classes},ratio=1.25",
            31_500,
            7,
            "noise",
            {"fine_tune": ("head", "half"), "label_noise": ("0.18", "0"), "epochs": ("2", LONGER)},
            ("fine_tune", "label_noise", "epochs"),
        ),
    )
}
OF_OWN_DATA = Study(
    OWN,
    "Is it the imbalance, the labels or the frozen layers?",
    "",
    0,
    0,
    "all,noise",
    {"fine_tune": ("head", "half"), "epochs": ("2", LONGER)},
    ("fine_tune", "epochs"),
)


def find_study(name: str | None) -> Study:
    """Return a study by name, None: that of a user's data; ValueError, with the names, if none."""
    if name is None:
        return OF_OWN_DATA
    if name not in STUDIES:
        known = f"Known: {', '.join(STUDIES)}; or --data DIR for your own images"
        raise ValueError(f"there is no study {name!r}.{did_you_mean(name, STUDIES)} {known}")
    return STUDIES[name]
