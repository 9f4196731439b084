"""`python -m benchmark.data.wheels OUT.png` writes a contact sheet."""

import sys
from pathlib import Path

from benchmark.data.wheels import contact_sheet

if len(sys.argv) != 2:
    sys.exit("usage: python -m benchmark.data.wheels OUT.png")
contact_sheet(Path(sys.argv[1]))
