"""A page is written with its figures; figures of an earlier report are removed."""

from pathlib import Path

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
