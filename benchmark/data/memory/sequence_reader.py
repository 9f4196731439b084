"""The reader of a sequence of images, which any data set of torch is. Worker processes load it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from benchmark.data.memory.array_image import to_image


@dataclass
class SequenceReader:
    """Reads from anything that has an image, or an image and its label, at each index."""

    items: Any  # (N,)
    has_labels: bool  # whether an item is a pair
    # what is in memory is read in this process: others would need copies of it
    in_memory: bool = True
    # the last item: the content of an image is read right after the image
    _last: tuple[int, Image.Image, Any] | None = field(default=None, repr=False)

    def image(self, index: int, at_least: int = 0) -> Image.Image:  # noqa: ARG002
        """Return image `index`, always at full size."""
        return self.read(index)[0]

    def content(self, index: int) -> bytes:
        """Return the mode, the size and the pixels of image `index`."""
        image = self.image(index)
        return repr((image.mode, image.size)).encode() + image.tobytes()

    def read(self, index: int) -> tuple[Image.Image, Any]:
        """Return image `index` and its label, None if items have none."""
        if self._last is None or self._last[0] != index:
            item = self.items[index]
            if self.has_labels and not (isinstance(item, tuple | list) and len(item) == 2):
                hint = ": give data=(images, labels)" if isinstance(item, Mapping) else ""
                raise ValueError(
                    f"{type(item).__name__} is no pair of an image and its class{hint}"
                )
            image, label = item if self.has_labels else (item, None)
            self._last = (index, to_image(image), label)
        return self._last[1:]
