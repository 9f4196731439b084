"""How the user has started the command line."""

import sys
from pathlib import Path

SCRIPT = "imbalance-bench"


def program_words() -> list[str]:
    """Return the words before the arguments: those of the script or of ``python -m benchmark``."""
    return [SCRIPT] if Path(sys.argv[0]).stem == SCRIPT else ["python", "-m", "benchmark"]
