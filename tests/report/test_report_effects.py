"""The audit and the free corrections as a reader meets them."""

import pytest
from fabricate import fabricate

from benchmark.analysis.findings import logit_shift
from benchmark.report.single.audit import checks_table, effects_table, flagged, warning
from benchmark.report.single.page import headline
from benchmark.report.single.posthoc import corrected_table, corrected_words
from benchmark.report.single.tables import name_cell


def cells(table, strategy):
    (row,) = [row for row in table.rows if row.cells[0].text == strategy]
    return dict(zip(table.columns, row.cells, strict=True))


@pytest.fixture(scope="module")
def comparison():
    return fabricate(failed_audit=("class_weights",), seeds=(0, 1))


def test_a_strategy_whose_effect_is_not_seen_is_flagged_everywhere(comparison):
    assert list(flagged(comparison)) == ["class_weights"]
    page = headline(comparison)
    (said,) = [one for one in page.warnings if "Not seen" in one]
    assert "`class_weights` (the gradient is that of cross-entropy)" in said
    (main,) = page.lead
    (row,) = [row for row in main.rows if row.cells[0].text == "class_weights"]
    assert (row.cells[0].note, row.cells[0].mark) == ("failed its audit", "failed")
    assert name_cell(comparison, "focal_loss").note == ""
    told = cells(effects_table(comparison), "class_weights")["Took effect"]
    assert (told.text, told.mark) == ("no: the gradient is that of cross-entropy", "failed")
    first = checks_table(comparison).rows[0]
    assert [cell.text for cell in first.cells][::3] == ["class_weights", "0 of 2 seeds"]


def test_nothing_is_flagged_where_all_is_seen():
    assert not flagged(fabricate())
    assert warning(fabricate()) == ""


def test_what_could_not_be_told_is_neither():
    comparison = fabricate(failed_audit=("class_weights",))
    checks = comparison.findings.checks
    checks["seen"] = checks["seen"].astype(object)
    checks.loc[checks["strategy"].eq("focal_loss") & checks["place"].eq("loss"), "seen"] = None
    assert list(flagged(comparison)) == ["class_weights"]
    told = cells(effects_table(comparison), "focal_loss")["Took effect"].text
    assert told == "can't be told: from 0.031 to 7.4 times"


def test_shares_are_of_the_rarest_third(comparison):
    effects = comparison.findings.effects
    one = effects[(effects["strategy"] == "random_oversampling") & (effects["seed"] == 0)]
    rare = one.nsmallest(5, "train_count")  # of 17 classes; the middle third takes the odd ones
    share = rare["drawn"].sum() / one["drawn"].sum()
    shown = cells(effects_table(comparison), "random_oversampling")["Share of draws"].text
    assert shown == f"{share:.3f}".removeprefix("0")


def test_logits_are_measured_from_the_baseline(comparison):
    shifted = logit_shift(comparison.findings.effects, "no_change").set_index("strategy")
    assert (shifted.loc["no_change", "logit_shift"] == 0).all()
    assert shifted.loc["focal_loss", "logit_shift"].iloc[0] == -0.6
    assert logit_shift(comparison.findings.effects, None)["logit_shift"].isna().all()


def test_networks_that_are_shared_stand_once():
    comparison = fabricate()
    comparison.manifest["networks"]["threshold_moving"] = comparison.manifest["networks"][
        "no_change"
    ]
    names = [row.cells[0].text for row in corrected_table(comparison).rows]
    assert "threshold_moving" not in names
    assert "no_change" in names
    told = cells(effects_table(comparison), "threshold_moving")["Trained"].text
    assert told == "shares the network of no_change"


def test_without_findings_nothing_is_said():
    from dataclasses import replace

    from benchmark.analysis.findings import Findings

    bare = replace(fabricate(), findings=Findings.none())
    assert effects_table(bare) is checks_table(bare) is corrected_table(bare) is None
    assert corrected_words(bare) == warning(bare) == ""
