"""Captions of the learning curves."""

from __future__ import annotations

from dataclasses import replace

from benchmark.report.render.blocks import Figure
from benchmark.report.single.curves import curves_section
from tests.report.fabricate import fabricate, with_manifest


def test_classes_without_validation_images_are_told_below_the_curves_that_count_them() -> None:
    comparison = fabricate()
    data = comparison.manifest.data
    counts = {**data.counts, "val": (0, *data.counts["val"][1:])}
    absent = with_manifest(comparison, data=replace(data, counts=counts))
    captions = [block.caption for block in curves_section(absent) if isinstance(block, Figure)]
    assert len(captions) == 2
    assert all("1 of 17 classes has no validation image" in caption for caption in captions)
    for block in curves_section(comparison):
        assert not isinstance(block, Figure) or "no validation image" not in block.caption
