import pickle

import numpy as np

from benchmark.data.digits import digits


def test_all_digits_are_read_at_full_contrast() -> None:
    images = digits()
    assert len(images) == 1797
    assert images.counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    image = np.asarray(images.read.image(0))
    assert image.shape == (8, 8, 3)
    assert image.max() == round(15 * 255 / 16)  # the first digit's brightest of 16
    assert images.read.content(0) != images.read.content(1)
    again = pickle.loads(pickle.dumps(images))
    assert again.read.content(5) == images.read.content(5)
