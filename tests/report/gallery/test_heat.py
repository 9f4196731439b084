"""A map laid over an image: bright where a network looks, without the image's own colours."""

import numpy as np

from benchmark.report.gallery.heat import overlay

RED = np.broadcast_to(np.uint8([200, 0, 0]), (32, 32, 3))


def test_it_is_bright_where_the_map_is_1_and_dark_where_it_is_0():
    heat = np.zeros((4, 4), np.float32)
    heat[0, 0] = 1
    picture = overlay(RED, heat)
    assert picture.shape == (32, 32, 3)
    assert picture.dtype == np.uint8
    assert picture[:4, :4].mean() > 2.5 * picture[20:, 20:].mean()


def test_a_map_of_zeros_leaves_the_image_dark_and_nearly_grey():
    picture = overlay(RED, np.zeros((6, 6), np.float32)).astype(int)
    assert np.ptp(picture, axis=2).max() < 40
    assert 0 < picture.mean() < RED.mean()


def test_details_of_the_image_stay_under_the_brightest_map():
    image = RED.copy()
    image[8:16] = 255
    picture = overlay(image, np.ones((2, 2), np.float32)).astype(int)
    assert picture[12, 12].sum() - picture[28, 28].sum() > 60
