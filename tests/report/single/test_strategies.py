"""How a report lists strategies: headings, shared networks, descriptions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmark.report.render.blocks import Code, Heading, Paragraph
from benchmark.report.single.strategies import (
    caveats,
    descriptions_section,
    extra_steps,
    heading_cell,
    network_titles,
    prose,
)
from tests.report.fabricate import STRATEGIES, fabricate, with_manifest


def test_parameters_are_shown_as_used() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2])
    plain, weighted = comparison.manifest.strategies
    weighted = replace(weighted, parameters={"base": "no_change", "weight": 10.0})
    blocks = list(descriptions_section(with_manifest(comparison, strategies=(plain, weighted))))
    used = [
        block for block in blocks if isinstance(block, Paragraph) and "Parameters" in block.text
    ]
    assert [block.text for block in used] == ["Parameters: `base=no_change`, `weight=10.0`"]
    assert blocks.index(used[0]) > blocks.index(Heading(STRATEGIES[1]))


def test_the_title_of_a_network_names_all_that_share_it() -> None:
    comparison = fabricate(
        strategies=("threshold_moving", "no_change", "focal_loss"),
        shared={"threshold_moving": "no_change"},
    )
    assert network_titles(comparison) == {
        "no_change": "no_change (also threshold_moving)",
        "focal_loss": "focal_loss",
    }


def test_a_heading_has_the_tags_of_its_row() -> None:
    comparison = fabricate(seeds=(0, 1), failed=[("focal_loss", 1)], failed_audit=("focal_loss",))
    assert heading_cell(comparison, "no_change").note == "baseline"
    cell = heading_cell(comparison, "focal_loss")
    assert cell.note == "1 of 2 seeds failed, failed its audit"
    assert cell.mark == "failed"


def test_a_row_with_more_steps_than_the_others_says_so() -> None:
    comparison = fabricate(seeds=(0, 1))
    common = sum(comparison.manifest.experiment.phase_steps)
    rows = comparison.seed_rows.assign(steps=common)
    rows.loc[rows["strategy"] == "focal_loss", "steps"] = common + 1500
    comparison = replace(comparison, seed_rows=rows)
    assert heading_cell(comparison, "focal_loss").note == "1,500 steps more than the others"
    assert extra_steps(comparison, "no_change") == 0
    flagged = fabricate(seeds=(0, 1), failed_audit=("focal_loss",))
    assert caveats(replace(flagged, seed_rows=rows), "focal_loss") == [
        "1,500 steps more than the others",
        "failed its audit",
    ]


def test_a_row_of_several_networks_says_what_they_cost() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2])
    common = sum(comparison.manifest.experiment.phase_steps)
    plain, averaged = comparison.manifest.strategies
    averaged = replace(averaged, members=("no_change", "focal_loss", "crt"))
    comparison = with_manifest(comparison, strategies=(plain, averaged))
    for extra, more in ((0, []), (40, ["40 steps more than the others"])):
        is_mean = comparison.seed_rows["strategy"] == averaged.name
        steps = np.where(is_mean, 3 * common + extra, common)
        run = replace(comparison, seed_rows=comparison.seed_rows.assign(steps=steps))
        cost = "3 networks: 3 times the training and the time to predict"
        assert caveats(run, averaged.name) == [cost, *more]
        assert caveats(run, plain.name) == []


def test_a_docstring_becomes_paragraphs_and_indented_text_stays() -> None:
    blocks = list(prose("Weigh ``w`` by\n    size.\n\n        f = 1 / n\n\n    Source."))
    assert blocks == [Paragraph("Weigh `w` by size."), Code("f = 1 / n"), Paragraph("Source.")]
