"""The figures of a study, from planted answers."""

from __future__ import annotations

import pytest

from benchmark.plan.studies import STUDIES
from benchmark.report import write_study_report
from benchmark.report.render import colours
from benchmark.report.study.figures import remedy_figure, share_figure
from benchmark.report.study.page import build_page
from tests.report.study.tables import planted, remedy, share

BOTH = [share("fine_tune", "half", 0.3, 0.2), share("label_noise", "0", -0.1, 0.2)]


def test_the_steps_lead_from_the_run_in_question_to_that_with_all_improved():
    figure = share_figure(planted(shares=BOTH))
    assert figure is not None
    assert figure.alt == (
        "Accuracy on test images rises or falls from .500 to .700: depth half +.300 and label "
        "noise 0 −.100."
    )
    for text in ("The run in question", "with depth half", "+.300, 150 % of it", "with both"):
        assert f">{text}<" in figure.svg
    assert "#pattern" in figure.svg or "pattern" in figure.svg, "what lowers accuracy is hatched"
    assert colours.SECOND in figure.svg


def test_a_part_that_is_not_clear_has_no_colour():
    unclear = [row | {"low": -0.2, "high": 0.4} for row in BOTH[:1]] * 2
    figure = share_figure(planted(shares=unclear))
    assert figure is not None
    assert colours.SECOND not in figure.svg


def test_fewer_than_two_settings_have_no_steps():
    assert share_figure(planted(shares=BOTH[:1])) is None
    assert remedy_figure(planted()) is None


def test_remedies_show_what_they_never_predict_where_any_does():
    figure = remedy_figure(planted(remedies=[remedy("a", 2.0), remedy("b", f1=-0.1)]))
    assert figure is not None
    assert "Change of macro-F1 by 2 strategies, from a (+.100) to b (−.100)" in figure.alt
    assert ">Never predicted<" in figure.svg
    none = remedy_figure(planted({"never_predicted": 0.0}, remedies=[remedy("a")]))
    assert none is not None
    assert "predict" not in none.svg + none.caption


@pytest.mark.parametrize(("shares", "first"), [(BOTH, "shares"), ((), "remedies")])
def test_one_figure_stands_on_top_and_both_are_written(tmp_path, shares, first):
    tables = planted(shares=shares, remedies=[remedy("a")])
    page = build_page(STUDIES["noisy7"], "wheels", tables)
    assert [figure.name for figure in page.lead] == [first]
    names = [figure.name for figure in page.figures()]
    assert names == list(dict.fromkeys([first, "remedies"]))
    written = write_study_report(STUDIES["noisy7"], "wheels", tables, tmp_path)
    assert {f"figures/{name}.svg" for name in names} <= set(written)


def test_figures_fit_on_a_telephone():
    names = [f"a strategy of a rather long name, number {k}" for k in range(25)]
    figure = remedy_figure(planted(remedies=[remedy(name, 1.0) for name in names]))
    assert figure is not None
    assert 'width="366"' in figure.svg
