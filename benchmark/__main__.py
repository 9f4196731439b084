"""`python -m benchmark`."""

import os
import signal
import sys

import benchmark

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while all is imported: no traceback

HERE = os.path.dirname(__file__)  # noqa: PTH120 - a file of the user's may be called pathlib.py
if HERE not in benchmark.__path__:
    sys.exit(
        f"error: {benchmark.__path__[0]} hides the package of this project; rename it, start from "
        "another folder, or use the command imbalance-bench"
    )
try:
    WORKING = os.getcwd()  # noqa: PTH109
except OSError:  # it was removed, which `main` says
    WORKING = ""
# Python searches the working folder first, where a file of the user's may be called random.py; the
# script imbalance-bench never searches it
if not sys.flags.safe_path and sys.path[0] == WORKING != os.path.dirname(HERE):  # noqa: PTH120
    del sys.path[0]

from benchmark.cli import main  # noqa: E402

sys.exit(main())
