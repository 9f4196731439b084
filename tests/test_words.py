"""Names are the field's: the words of an earlier private dialect do not come back.

The dialect had `Stretch` for a range of steps, `Home.NOWHERE` for recomputing, `one`, `of` and
`said` for variables. CONTRIBUTING.md has the few terms that are ours, with their meaning.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# participles and other words that are no nouns
WORDS = set("of one said told asked found seen learnt shown decided watched made_up joined".split())
# the names that types and functions had
WORDS |= set(
    "Asked Stretch stretch stretches stretches_of origin origins key_at serves served Prepared "
    "Material material Home home NOWHERE Room room gpu_room Rows RowStore ResidentRows Tally tally "
    "Watch watch Sums pull Shown Decided Tested Seen Found Stream Pool Replay SignOfLife Silent "
    "Lines Bars Stopwatch Cells Units Across across standing everywhere Setting Settings Synthesis "
    "ImagesAlone AsIs NoMix FolderInMemory Effect effects place places DrawnAs WeighedAs "
    "EasyPullLess RarePullMore RareCalledMore PulledAsCrossEntropy LabelsAsArgmax MadeUp views "
    "altered showing clause BROKEN certainty by_class corrections over_seeds mean_test overlap "
    "change_of_share randomisation_test least_seeds size_thirds told_apart freed_recall lay_out "
    "put look_up drops carry_out describe_run control training_identity".split()
)
FILES = sorted(
    file for room in ("benchmark", "strategies", "tests") for file in (ROOT / room).rglob("*.py")
)


def identifiers(source):
    """All names that a module binds or uses as its own, without leading underscores."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name.lstrip("_")
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.keyword(arg=str(name)):
                yield name.lstrip("_")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_identifier_is_of_the_dialect(file):
    assert not set(identifiers(file.read_text(encoding="utf-8"))) & WORDS


def test_no_module_is_named_in_the_dialect():
    assert not {file.stem for file in FILES} & WORDS


def test_the_words_are_looked_for():
    names = set(identifiers("def f(one, *, said=1):\n    _tally.pull(stretch=2)\nclass Watch: ..."))
    assert names & WORDS == {"one", "said", "tally", "pull", "stretch", "Watch"}
    assert not [word for word in WORDS if not re.fullmatch(r"[A-Za-z_]+", word)]
