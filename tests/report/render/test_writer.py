"""A page is written with its figures; figures of an earlier report are removed."""

from pathlib import Path

import pytest

from benchmark.report.render.blocks import Figure, Page
from benchmark.report.render.writer import write_page


def page(*names: str) -> Page:
    figures = tuple(Figure(name, "<svg></svg>", "caption", "alt") for name in names)
    return Page("Title", "", "Verdict.", "", (), figures, ())


def test_files_are_returned_and_stale_figures_removed(tmp_path: Path) -> None:
    written = write_page(page("recall", "seeds"), tmp_path, ("recall", "seeds"))
    assert set(written) == {"markdown", "html", "figures/recall.svg", "figures/seeds.svg"}
    assert all(path.exists() for path in written.values())
    (tmp_path / "figures" / "own.svg").touch()
    write_page(page("recall"), tmp_path, ("recall", "seeds"))
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "own.svg",
        "recall.svg",
    ]


def test_figures_do_not_go_where_a_link_points_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "recall.svg").write_text("mine")
    (tmp_path / "out").symlink_to(tmp_path)
    write_page(page("seeds"), tmp_path / "out", ("recall", "seeds"))  # the folder itself may be one
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "figures").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="figures is a link, which no report follows; remove it"):
        write_page(page("recall"), tmp_path / "run", ("recall", "seeds"))
    assert (tmp_path / "elsewhere" / "recall.svg").read_text() == "mine"
