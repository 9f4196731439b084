"""What `data` prints."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from benchmark.cli.data_summary import print_data_summary
from tests.data.fruit import summarise_fruit


def test_it_is_printed_with_every_fact(tmp_path: Path) -> None:
    console = Console(width=100, record=True, file=StringIO())
    print_data_summary(summarise_fruit(tmp_path), console)
    text = console.export_text()
    for fact in (
        "fruit [ripe]",
        "18, of which 1 can't be read",
        "imbalance ratio 1.6",
        "17, each kept in one split",
        "Default split, seed 0",
        "width 8 to 30 (median 11)",
        "RGB 16, L 1",
        "2 byte-identical to another image, 1 in another class",
        "pear/broken.png",
        "1 contents appear under more than one class",
    ):
        assert fact in text
