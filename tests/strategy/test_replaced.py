"""A strategy that is built on another one says what it does not take over."""

import pytest

from benchmark.strategy.registry import resolve


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "deferred_reweighting:base=focal_loss",
            "In its last stage the loss of `focal_loss` is replaced.",
        ),
        (
            "deferred_resampling:base=focal_loss",
            "In its last stage the loss of `focal_loss` is replaced.",
        ),
        ("crt:base=mixup", "In its last stage the mixing of `mixup` is replaced."),
        (
            "smote:base=augmentation_oversampling",
            "In its last stage the sampler and the augmentation of `augmentation_oversampling` "
            "are replaced.",
        ),
        (
            "threshold_moving:base=prior_correction",
            "The decision of `prior_correction` is replaced.",
        ),
    ],
)
def test_what_is_replaced_is_told(name, sentence):
    (spec,) = resolve([name])
    assert spec.doc.endswith(f"\n\n{sentence}")


@pytest.mark.parametrize(
    "name", ["crt", "threshold_moving:base=focal_loss", "crt:base=random_oversampling", "ldam_drw"]
)
def test_nothing_is_told_where_all_is_kept(name):
    (spec,) = resolve([name])
    assert "replaced" not in spec.doc.rsplit("\n\n", 1)[-1]
