"""Large images are worked on in strips: as a whole, each step would take memory for all pixels."""

from collections.abc import Iterator

from PIL import Image

PIXELS = 2**22  # of a strip, as about most images have


def strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Yield the top and the pixels of strips from top to bottom; of most images it is one.

    >>> [(top, strip.size) for top, strip in strips(Image.new("L", (4096, 2500)))]
    [(0, (4096, 1024)), (1024, (4096, 1024)), (2048, (4096, 452))]
    """
    height = max(1, PIXELS // image.width)
    if height >= image.height:
        yield 0, image
        return
    for top in range(0, image.height, height):
        yield top, image.crop((0, top, image.width, min(top + height, image.height)))
