"""What holds for every command."""

import io
import sys

from benchmark.cli import main


def test_a_sign_that_the_output_has_no_code_for_stops_no_command(monkeypatch, tmp_path):
    for name in ("猫", "犬"):
        (tmp_path / name).mkdir()
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    main(["data", str(tmp_path)])
    print("↑", end="")
    sys.stdout.flush()
    assert written.getvalue().endswith(b"\\u2191")
