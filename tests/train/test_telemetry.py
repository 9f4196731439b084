"""What is measured of a training, and how that comes back from a checkpoint."""

import json

import numpy as np
import pytest
import torch

from benchmark.strategy.measurements import CONFIDENCE_BINS
from benchmark.train.batch_sampler import Batch
from benchmark.train.sample_pool import SamplePool
from benchmark.train.telemetry import (
    TrainingStats,
    block_checksums,
    gradient_norm,
    validation_scores,
)
from tests.train.small_training import LABELS, SPLIT


@pytest.mark.parametrize(
    ("batch", "micro_batches", "sizes"),
    [(8, 1, [8]), (8, 4, [2] * 4), (5, 4, [3, 2]), (50, 8, [7, 7, 6, 6, 6, 6, 6, 6]), (1, 4, [1])],
)
def test_no_micro_batch_is_a_single_image(batch, micro_batches, sizes):
    stats = TrainingStats(3, np.zeros(10, bool))
    stats.micro_batches = micro_batches
    images = Batch(np.arange(batch), np.zeros(batch, int), np.zeros(batch, bool))
    cut = images.micro_batches(stats.micro_batch_count(batch))
    assert [len(micro_batch) for micro_batch in cut] == sizes
    assert stats.micro_batch(batch) == max(sizes)


def test_synthetic_rows_are_counted_apart_from_images():
    labels = np.array([0, 0, 1, 1, 2, 2])
    synthetic = np.array([False] * 4 + [True, False])  # the last row repeats an image
    samples = SamplePool(labels, 4, None, synthetic, np.ones(4, bool))
    stats = TrainingStats(3, np.zeros(4, bool))
    monitor = stats.monitor(0)
    batch = Batch(np.array([1, 1, 4, 5]), np.array([0, 1, 0, 0]), np.array([False, True] * 2))
    stats.count(batch, samples)
    assert stats.drawn.tolist() == [2, 0, 0]
    assert monitor.synthetic.tolist() == [0, 0, 1]
    assert monitor.images_shown == [1, 1]
    assert (stats.distinct_images, stats.augmented_images) == (1, 2)


def test_statistics_come_back_as_they_were(setup):
    stats = setup.trained().stats
    again = TrainingStats.from_json(json.loads(json.dumps(stats.to_json())))
    pairs = list(zip(stats.monitors, again.monitors, strict=True))
    for left, right in (
        (stats, again), *pairs, *((left.sample, right.sample) for left, right in pairs)
    ):  # fmt: skip
        for name, value in vars(left).items():
            if name not in ("monitors", "sample"):
                np.testing.assert_array_equal(getattr(right, name), value)


def test_a_step_range_that_continues_keeps_its_monitor():
    stats = TrainingStats(3, np.zeros(4, bool))
    first = stats.monitor(0)
    assert stats.monitor(0) is first
    assert stats.monitor(5) is not first
    assert [monitor.start for monitor in stats.monitors] == [0, 5]


def test_the_gradient_of_cross_entropy_is_that_of_a_backward_pass():
    torch.manual_seed(0)
    logits = torch.randn(6, 3, requires_grad=True)
    target = torch.eye(3)[torch.tensor([0, 1, 1, 2, 2, 2])]
    torch.nn.functional.cross_entropy(logits, target, reduction="sum").backward()
    norms = gradient_norm(logits.detach(), logits.grad, target)
    assert norms.shape == (3, CONFIDENCE_BINS, 2)
    torch.testing.assert_close(norms[..., 0], norms[..., 1])
    expected = torch.stack(
        [logits.grad[rows].norm(dim=1).sum() for rows in ([0], [1, 2], [3, 4, 5])]
    )
    torch.testing.assert_close(norms[..., 0].sum(1), expected.double())


def test_trained_blocks_are_found_by_their_checksums(setup):
    training, (segment,) = setup.begin()
    before = block_checksums(training.network)
    assert list(before) == ["body", "tail", "head"], "the last block of the suffix has none"
    training.run(segment)
    head_phase, second = training.stats.monitors
    assert head_phase.changed_parameters == {"head"}
    assert head_phase.changed_batch_norm == set()
    assert second.changed_parameters == {"body", "tail", "head"}
    assert second.changed_batch_norm == {"body", "tail"}
    assert [monitor.steps for monitor in (head_phase, second)] == [3, 3]
    assert [monitor.images for monitor in (head_phase, second)] == [12, 12]
    assert second.blocks == ["body", "tail", "head"]
    assert second.batch_norm_blocks == ["body", "tail"]


def test_validation_scores_are_of_the_whole_split(setup):
    training, _ = setup.begin()
    logits, _ = training.outputs(SPLIT.train)
    labels = LABELS[SPLIT.train]
    scores = validation_scores(logits, labels, 4)
    truth = torch.from_numpy(labels)
    assert scores["val_loss"] == pytest.approx(
        torch.nn.functional.cross_entropy(logits, truth).item()
    )
    assert scores["val_accuracy"] == (logits.argmax(1).numpy() == labels).mean()
    assert scores["val_loss_by_class"][3] is None, "no image is of the fourth class"
    losses = np.array(scores["val_loss_by_class"][:3])
    counts = np.bincount(labels)
    assert (losses * counts).sum() / counts.sum() == pytest.approx(scores["val_loss"])
    assert scores["val_never_predicted"] == 4 - len(set(logits.argmax(1).tolist()))
