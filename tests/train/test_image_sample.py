"""Which images of a step range are kept, and the shares of classes in blended pixels."""

import json

import numpy as np
import torch

from benchmark.train.image_sample import (
    DeviceImageSample,
    ImageSample,
    grid,
    is_sampled,
    pixel_shares,
)


def test_the_first_images_of_a_class_are_kept_and_the_latest():
    sample = ImageSample.empty(3, mixes=False)
    device, slots = DeviceImageSample(sample, torch.device("cpu")), len(sample.rows) // 3
    for step in range(200):
        labels = np.array([0, 0, 1, 2])
        rows = torch.full((4, 9), float(step))
        device.add(rows, labels)
    device.write_back()
    kept = sample.rows[:, 0].reshape(3, slots)
    assert kept[1].min() == 0
    assert kept[1].max() == 199
    assert np.isfinite(kept).all()
    assert sorted(kept[1])[: slots // 2] == list(range(slots // 2)), "the first ones stay"
    again = ImageSample.from_json(json.loads(json.dumps(sample.to_json())))
    np.testing.assert_array_equal(again.rows, sample.rows)
    assert again.drawn.tolist() == [400, 200, 200]


def test_many_classes_share_the_places():
    sample = ImageSample.empty(1000, mixes=True)
    assert sample.rows.shape == (64, 4001)
    chosen, slots = sample.choose(np.arange(0, 1000, 31))
    assert len(set(slots.tolist())) == len(slots) == len(chosen)


def test_not_every_step_is_sampled():
    assert [step for step in range(30) if is_sampled(step)] == [*range(16), 16, 20, 24, 28]


def test_shares_of_pixels_are_those_of_the_blend():
    rng = torch.Generator().manual_seed(0)
    images = torch.rand(6, 3, 40, 40, generator=rng) * 255
    target = torch.eye(3)[torch.tensor([0, 0, 1, 1, 2, 2])]
    share = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
    other = torch.tensor([4, 1, 0, 5, 3, 2])
    weight = share[:, None, None, None]
    blends = weight * images + (1 - weight) * images[other]
    measured = pixel_shares(grid(images), target, grid(blends), np.arange(6))
    expected = share[:, None] * target + (1 - share[:, None]) * target[other]
    torch.testing.assert_close(measured[:, :3], expected, atol=1e-4, rtol=0)
    own = torch.where(other == torch.arange(6), 1.0, share)
    torch.testing.assert_close(measured[:, 3], own, atol=1e-4, rtol=0)


def test_the_same_image_twice_has_one_share():
    images = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))[[0, 1, 2, 0]]
    blends = (images + images.flip(0)) / 2
    target, positions = torch.eye(2)[[0, 0, 1, 0]], np.array([0, 1, 2, 0])
    measured = pixel_shares(grid(images), target, grid(blends), positions)
    torch.testing.assert_close(measured[0, 2], torch.tensor(1.0), atol=1e-4, rtol=0)
    torch.testing.assert_close(measured[1, :2], torch.tensor([0.5, 0.5]), atol=1e-4, rtol=0)


def test_shares_of_an_image_with_a_box_of_another_are_unknown():
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 255
    boxes = images.clone()
    boxes[:, :, 8:24, 8:20] = images.flip(0)[:, :, 8:24, 8:20]
    measured = pixel_shares(grid(images), torch.eye(4), grid(boxes), np.arange(4))
    assert measured.isnan().all()
    rounded = ((images + images.flip(0)) / 2).round()
    assert pixel_shares(grid(images), torch.eye(4), grid(rounded), np.arange(4)).isfinite().all()


def test_shares_of_images_of_one_colour_are_unknown():
    images = torch.arange(1.0, 7.0)[:, None, None, None].expand(-1, 3, 8, 8)
    measured = pixel_shares(grid(images), torch.eye(6), grid(images), np.arange(6))
    assert measured.isnan().all()
