"""Names are the field's: the words of an earlier private dialect do not come back.

The dialect had `Stretch` for a range of steps, `Home.NOWHERE` for recomputing, `one`, `of` and
`said` for variables. CONTRIBUTING.md has the few terms that are ours, with their meaning.
"""

import ast
import re
from pathlib import Path

from benchmark.report import write_report
from tests.report.fabricate import fabricate

ROOT = Path(__file__).parents[1]
FILES = sorted(
    file for name in ("benchmark", "strategies", "tests") for file in (ROOT / name).rglob("*.py")
)
DIALECT = """
of one said told asked found seen learnt shown decided watched made_up joined try_next
Asked Stretch stretch stretches stretches_of origin origins key_at serves served Prepared Material
material Home home NOWHERE Room room gpu_room Rows RowStore ResidentRows Tally tally Watch watch
Sums pull Shown Decided Tested Seen Found Stream Pool Replay SignOfLife Silent Lines Bars Stopwatch
Cells Units Across across standing everywhere Setting Settings Synthesis ImagesAlone AsIs NoMix
FolderInMemory Effect effects place places DrawnAs WeighedAs EasyPullLess RarePullMore
RareCalledMore PulledAsCrossEntropy LabelsAsArgmax MadeUp views altered showing clause BROKEN
certainty by_class corrections over_seeds mean_test overlap change_of_share randomisation_test
least_seeds size_thirds told_apart freed_recall lay_out look_up drops carry_out describe_run control
training_identity
"""
WORDS = frozenset(DIALECT.split())
PHRASES = ("how sure", "was tried", "take effect", "free correction", "made-up", "seed by seed")


def identifiers(source):
    """All names that a module binds or uses as its own, without leading underscores."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name.lstrip("_")
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.keyword(arg=str(name)):
                yield name.lstrip("_")


def test_no_identifier_is_of_the_dialect():
    used = {file: WORDS.intersection(identifiers(file.read_text("utf-8"))) for file in FILES}
    assert not {str(file.relative_to(ROOT)): words for file, words in used.items() if words}


def test_no_module_is_named_in_the_dialect():
    assert not WORDS.intersection(file.stem for file in FILES)


def test_no_column_and_no_heading_of_a_report_is_of_the_dialect(tmp_path):
    written = write_report(fabricate(folder=tmp_path, seeds=(0, 1)))
    for file in tmp_path.glob("*.csv"):
        columns = file.read_text("utf-8").splitlines()[0].split(",")
        assert not (WORDS | {"never", "why"}).intersection(columns), file.name
    headings = re.findall("^#+ (.*)$", written["markdown"].read_text("utf-8"), re.MULTILINE)
    assert len(headings) > 10
    assert not [line for line in headings if any(words in line.lower() for words in PHRASES)]


def test_the_words_are_looked_for():
    names = identifiers("def f(one, *, said=1):\n    _tally.pull(stretch=2)\nclass Watch: ...")
    assert WORDS.intersection(names) == {"one", "said", "tally", "pull", "stretch", "Watch"}
