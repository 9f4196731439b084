"""The pictures of a gallery: images from the stored pixels, also with where a network looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.shown_images import BASELINE, Gallery, ShownImage
from benchmark.data.pixels.picture import encode
from benchmark.data.pixels.store import Pixels
from benchmark.report.gallery.heat import overlay
from benchmark.report.render.blocks import Block, ContactSheet, Picture, Pictures
from benchmark.report.render.formats import format_share
from benchmark.report.render.safe_text import shorten

LONGEST_CLASS = 40  # characters of a class name beside a picture
RIGHT, WRONG = "✓", "✗"

Maps = Mapping[int, Mapping[str, NDArray[np.float32]]]  # strategy -> file -> (h, w)


@dataclass(frozen=True)
class Thumbnails:
    """Makes pictures of the images of a run."""

    gallery: Gallery
    pixels: Pixels
    rows: Mapping[str, int]  # the number of each image, by its file
    maps: Maps  # where the networks of strategies look, as far as known
    side: int  # pixels

    def of_test(self, images: tuple[ShownImage, ...]) -> tuple[Block, ...]:
        """Return test images with what they are called: a strip each if it is known where from."""
        if not images:
            return ()
        if not self.maps:
            return (ContactSheet(tuple(self._called(image) for image in images)),)
        return tuple(Pictures(self._strip(image)) for image in images)

    def of_training(self, images: tuple[ShownImage, ...]) -> tuple[Block, ...]:
        """Return training images in a sheet."""
        sheet = tuple(self.photograph(image) for image in images)
        return (ContactSheet(sheet),) if sheet else ()

    def _called(self, image: ShownImage) -> Picture:
        calls = [f"{self._role(k)}: {self._call(image, k)}" for k in range(len(image.predictions))]
        names = [*calls, *self._label_note(image), shorten(image.file)]
        mark = "wrong" if image.is_wrong else "right"
        note = f"{WRONG if image.is_wrong else RIGHT} {short(image.label)}"
        return Picture(self._jpeg(image), " · ".join(names), note, _alt(image), mark)

    def _strip(self, image: ShownImage) -> tuple[Picture, ...]:
        """Return an image, then where each strategy looks for what it calls it."""
        items = [self.photograph(image)]
        strategies = self.gallery.strategies
        looks = [(strategies[k].network, image.predictions[k].label) for k in self.maps]
        are_same = len(looks) > 1 and looks[0] == looks[1]  # a decision on the same network
        for k, prediction in enumerate(image.predictions[:1] if are_same else image.predictions):
            is_right = prediction.label == image.label
            role = "baseline and best" if are_same else self._role(k)
            alt = f"Where {role} looks for {short(prediction.label)}"
            note = f"{RIGHT if is_right else WRONG} {self._call(image, k)}"
            mark = "right" if is_right else "wrong"
            heat = self.maps.get(k, {}).get(image.file)
            jpeg = "" if heat is None else self._jpeg(image, heat)  # what it calls it is known
            items.append(Picture(jpeg, role, note, alt, mark))
        return tuple(items)

    def photograph(self, image: ShownImage) -> Picture:
        """Return an image as it is, with its class."""
        names = [*self._label_note(image), shorten(image.file)]
        return Picture(self._jpeg(image), " · ".join(names), short(image.label), _alt(image))

    def _label_note(self, image: ShownImage) -> list[str]:
        if image.right_label == image.label:
            return []
        return [f"given label; right is {short(image.right_label)}"]

    def _call(self, image: ShownImage, k: int) -> str:
        prediction = image.predictions[k]
        return f"{short(prediction.label)} {format_share(prediction.confidence, 2)}"

    def _role(self, k: int) -> str:
        return "baseline" if self.gallery.strategies[k].role == BASELINE else "best"

    def _jpeg(self, image: ShownImage, heat: NDArray[np.float32] | None = None) -> str:
        """Return the picture in base64; "" of a file that is no longer among the images."""
        row = self.rows.get(image.file)
        if row is None or row not in self.pixels.infos:
            return ""
        square = np.asarray(self.pixels.array[row])
        if heat is not None:
            square = overlay(square, heat)
        return encode(square, self.pixels.infos[row], self.side)


def short(name: str) -> str:
    """Return the name of a class as it is written beside a picture."""
    return shorten(name, LONGEST_CLASS)


def _alt(image: ShownImage) -> str:
    kind = "Test image" if image.predictions else "Training image"
    return f"{kind} of {short(image.label)}"
