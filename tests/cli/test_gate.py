"""The command `gate`: its exit code says whether the requirements hold."""

import pytest

from benchmark.cli import main
from benchmark.cli.exit_codes import EXIT_FAILED, EXIT_USAGE
from tests.report.fabricate import fabricate_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate") / "run"
    fabricate_run("run", classes=("cat", "not sure"), images=100).write(folder)
    return folder


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["macro_f1>=0,never_predicted<=2"], 0),
        (["macro_f1>=0", "--require", 'recall["not sure"]>=0'], 0),
        (["macro_f1>=0", "--lower-bound", "--strategy", "no_change"], 0),
        (["macro_f1>=0,accuracy>1"], EXIT_FAILED),
        (["macro_f1"], EXIT_USAGE),
        (["never_predicted<=2", "--lower-bound"], EXIT_USAGE),
        (["macro_f1>=0", "--strategy", "none"], EXIT_USAGE),
    ],
)
def test_the_exit_code(run, words, code, capsys):
    assert main(["gate", str(run), "--require", *words]) == code
    printed = capsys.readouterr()
    assert bool(printed.err) is (code == EXIT_USAGE)
    assert ("FAIL  accuracy > 1: " in printed.out) is (code == EXIT_FAILED)


def test_something_must_be_required(run, capsys):
    with pytest.raises(SystemExit) as exited:
        main(["gate", str(run)])
    assert exited.value.code == EXIT_USAGE
    assert "--require" in capsys.readouterr().err
