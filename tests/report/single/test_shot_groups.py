"""The words for classes with many, medium and few training images."""

from __future__ import annotations

from dataclasses import replace

from benchmark.analysis.comparison import Comparison
from benchmark.report.single.audit import audit_table
from benchmark.report.single.shot_groups import few_images_phrase, shot_groups_sentence
from tests.report.fabricate import fabricate

NAMES = ("a", "b", "c")


def with_counts(*seeds: tuple[int, ...]) -> Comparison:
    """Return a run with these training images by class, seed by seed."""
    comparison = fabricate(classes=NAMES, seeds=tuple(range(len(seeds))))
    rows = comparison.per_class
    counts = [
        seeds[seed][NAMES.index(name)]
        for seed, name in zip(rows["seed"], rows["class"], strict=True)
    ]
    return replace(comparison, per_class=rows.assign(train_count=counts))


def test_the_cuts_of_the_literature_are_named() -> None:
    comparison = with_counts((500, 50, 5))
    assert shot_groups_sentence(comparison) == (
        "Many, medium and few: more than 100, 20 to 100 and fewer than 20 training images (Liu et "
        "al. 2019)."
    )
    assert few_images_phrase(comparison) == "with fewer than 20 training images"


def test_thirds_are_called_thirds() -> None:
    comparison = with_counts((500, 50, 20))
    assert shot_groups_sentence(comparison).startswith(
        "Many, medium and few: thirds of the classes by training images, because the usual cuts"
    )
    assert few_images_phrase(comparison) == "of the third with the fewest training images"


def test_seeds_with_another_rule_are_told() -> None:
    text = shot_groups_sentence(with_counts((500, 50, 20), (500, 50, 19)))
    assert "but thirds of the classes by training images in 1 of 2 seeds" in text


def test_the_audit_says_which_classes_its_shares_are_of() -> None:
    table = audit_table(fabricate())
    assert table is not None
    assert table.caption.startswith("For the classes of the third with the fewest training images")
