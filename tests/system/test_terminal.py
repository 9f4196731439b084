"""Lines that are printed act on no terminal."""

from benchmark.system.terminal import print_lines
from tests.report.hostile_names import NAMES


def test_no_name_acts_on_the_terminal(capsys):
    for name in NAMES:
        print_lines(f"class {name} has 3 images\nand a second line")
        printed = capsys.readouterr().out
        assert printed.endswith("has 3 images\nand a second line\n"), ascii(name)
        assert not [c for c in printed if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0]
        assert not [c for c in printed if 0x2028 <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069]
        assert printed.encode("utf-8")
