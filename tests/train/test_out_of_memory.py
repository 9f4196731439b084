"""Memory that runs out once, at any step: a training goes on in smaller parts, or says why not."""

from itertools import count

import pytest
import torch

from benchmark.model.network import Network
from benchmark.train.frozen_features import FrozenFeatures
from tests.train.small_training import SPLIT, Setup, assert_same, small_features, state_of

ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"),
    MemoryError(),
]
PLACES = {
    "images": (FrozenFeatures, "inputs"),
    "blocks": (Network, "features"),
    "head": (Network, "classify"),
    "backward": (torch.Tensor, "backward"),
    "optimizer": (torch.optim.AdamW, "step"),
}


@pytest.fixture(scope="module")
def setup():
    return Setup(small_features())


@pytest.fixture(scope="module")
def undisturbed(setup):
    return setup.trained()


class Shortage:
    """Raises at the k-th call of a function, once."""

    def __init__(self, patch, point, k, error):
        owner, name = PLACES[point]
        real, self.calls, self.in_training = getattr(owner, name), 0, False

        def short(this, *arguments, **named):
            self.calls += 1
            if self.calls == k:
                self.in_training = not isinstance(this, Network) or this.training
                raise error
            return real(this, *arguments, **named)

        patch.setattr(owner, name, short)


def failure_of(training, segment):
    try:
        training.run(segment)
    except (RuntimeError, MemoryError) as error:
        return error
    return None


@pytest.mark.parametrize("point", PLACES)
def test_memory_that_runs_out_once_costs_no_image_and_no_step(setup, undisturbed, point):
    for k in count(1):
        error = ERRORS[k % len(ERRORS)]
        training, (segment,) = setup.begin()
        with pytest.MonkeyPatch.context() as patch:
            shortage = Shortage(patch, point, k, error)
            raised = failure_of(training, segment)
        if raised:
            assert raised is error
            # half a step must not be taken twice, and a head passes all images at once
            assert point == "optimizer" or (point == "head" and not shortage.in_training)
            continue
        if shortage.calls < k:
            break  # nothing was raised
        stats, expected = training.stats, undisturbed.stats
        assert training.step == undisturbed.step
        assert stats.drawn.tolist() == expected.drawn.tolist()
        assert stats.distinct_images == expected.distinct_images
        assert stats.monitors[-1].images == expected.monitors[-1].images
        assert [p["step"] for p in stats.losses] == [p["step"] for p in expected.losses]
        if stats.micro_batches == 1:  # of a validation, which changes no network
            assert_same(state_of(training), state_of(undisturbed))
        else:
            assert stats.micro_batch(4) == 2
    assert k > 3


def test_outputs_are_computed_in_smaller_parts(setup, undisturbed, monkeypatch):
    expected, _ = undisturbed.outputs(SPLIT.test)
    monkeypatch.setattr(undisturbed, "suffix_unchanged", False)
    for point in ("images", "blocks"):
        for error in ERRORS:
            with pytest.MonkeyPatch.context() as patch:
                shortage = Shortage(patch, point, 1, error)
                logits, _ = undisturbed.outputs(SPLIT.test)
            assert shortage.calls == 1 + 1
            torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)
