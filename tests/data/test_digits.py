import pickle

import numpy as np

from benchmark.data.digits import digits


def test_all_digits_are_read_at_full_contrast() -> None:
    images = digits()
    assert len(images) == 1797
    assert images.counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    image = np.asarray(images.reader.image(0))
    assert image.shape == (8, 8, 3)
    assert image.max() == round(15 * 255 / 16)  # the first digit's brightest of 16
    assert images.reader.content(0) != images.reader.content(1)
    again = pickle.loads(pickle.dumps(images))
    assert again.reader.content(5) == images.reader.content(5)
