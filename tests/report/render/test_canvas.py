"""Figures become small SVG documents, the same bytes each time."""

import re

import matplotlib

from benchmark.report.render.canvas import Canvas, page_style, to_standalone_svg, to_svg


def draw() -> str:
    with page_style():
        canvas = Canvas(200, 100)
        axes = canvas.axes(20, 10, 160, 80)
        axes.plot([0, 1], [0, 1])
        axes.set_title("$name$")
        return to_svg(canvas.figure, "name")


def test_the_same_drawing_gives_the_same_bytes_without_ids_that_collide() -> None:
    svg = draw()
    assert svg == draw()
    assert svg.startswith("<svg")
    assert "<metadata" not in svg
    assert 'width="200"' in svg
    assert "$name$" in svg, "text stays text"
    assert not re.search(r'<g id="', svg)


def test_the_settings_of_the_user_come_back() -> None:
    before = dict(matplotlib.rcParams)
    draw()
    assert dict(matplotlib.rcParams) == before


def test_a_file_of_its_own_has_paper_and_a_dark_mode() -> None:
    svg = to_standalone_svg(draw())
    assert svg.startswith('<?xml version="1.0"')
    assert "prefers-color-scheme: dark" in svg
    assert '<rect width="100%"' in svg
