"""After an edit of any file of a plug-in, what uses the file is trained again, and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from benchmark.plugins import unload_plugin
from tests.integration.commands import TRAINING, call

FILES = {
    "net.py": '''
from collections import OrderedDict
from torch import nn
from benchmark.model.registry import backbone
from my_blocks import GlobalAverage, block

@backbone(half="body", min_size=16)
def split_up() -> nn.Sequential:
    """Two blocks, of another file."""
    blocks = OrderedDict(stem=block(3, 8), body=block(8, 16), pool=GlobalAverage())
    return nn.Sequential(blocks)
''',
    "my_blocks.py": """
import torch
from torch import nn
from my_settings import SLOPE

class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean((2, 3), dtype=torch.float32)

def block(inputs, outputs):
    convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE))
""",
    "my_settings.py": "SLOPE = 0.1\n",
    "mine.py": '''
from dataclasses import dataclass
from benchmark.strategy import Stage, Strategy, strategy
from my_losses import rare_first

@dataclass(frozen=True)
class Loss:
    def __call__(self, logits, target, counts):
        return rare_first(logits, target, counts)

@strategy
def mine() -> Strategy:
    """Mine."""
    return Strategy(stages=(Stage(loss=Loss()),))
''',
    "my_losses.py": """
def rare_first(logits, target, counts):
    weights = counts.sum() / counts / len(counts)
    return (target @ weights) * -(target * logits.log_softmax(1)).sum(1)
""",
}
EDITS = [
    ("my_losses.py", "counts.sum() / counts / len(counts)", "counts / counts.max()", ["mine"]),
    ("my_losses.py", "\ndef", '\n"""A remark."""\n\n# another\ndef', []),
    ("my_settings.py", "0.1", "0.9", ["mine", "no_change"]),
    ("my_blocks.py", "stride=2", "stride=1", ["mine", "no_change"]),
    ("net.py", "half", "  half", []),
    ("mine.py", "rare_first(logits, target, counts)", "rare_first(3 * logits, target, counts)",
     ["mine"]),
]  # fmt: skip


@pytest.fixture
def project(tmp_path):
    """A plug-in and a backbone over five files, in a folder that is not the working folder."""
    before = set(sys.modules)
    folder = tmp_path / "plug ins"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    yield folder
    for name in ("mine.py", "net.py"):
        unload_plugin(folder / name)
    for name in set(sys.modules) - before:
        if name.startswith("my_"):
            del sys.modules[name]


def words(project: Path, image_folder: Path, out: Path, jobs: int = 1) -> list[str]:
    plugins = ["--plugin", str(project / "mine.py"), "--plugin", str(project / "net.py")]
    return [
        *("run", "--data", str(image_folder), "--image-size", "16", "--out", str(out)),
        *("--jobs", str(jobs), "--backbone", "split_up", *plugins, *TRAINING),
        *("--strategies", "no_change,mine", "--fine-tune", "body", "--no-null"),
    ]


def trained(output: str) -> list[str]:
    """The strategies whose networks a run says that it trains."""
    return sorted(re.findall(r"^  train +(\w+)", output, re.MULTILINE))


def scores(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "seeds.csv").filter(regex="strategy|loss|f1|brier|recall")


@pytest.mark.slow
def test_an_edit_of_any_file_trains_what_uses_it(project, image_folder, tmp_path):
    out = tmp_path / "out"
    run = call(*words(project, image_folder, out))
    assert not run.returncode, run.stderr
    assert trained(run.stdout) == ["mine", "no_change"]
    for name, old, new, expected in EDITS:
        text = (project / name).read_text()
        assert old in text
        (project / name).write_text(text.replace(old, new, 1))
        before = scores(out)
        run = call(*words(project, image_folder, out))
        assert not run.returncode, run.stderr
        assert trained(run.stdout) == expected, name
        changed = (scores(out) != before).any(axis=1)
        assert sorted(before["strategy"][changed]) == expected, name


@pytest.mark.slow
def test_a_new_process_and_its_workers_find_what_this_one_has_stored(
    project, image_folder, tmp_path
):
    """In a folder in which files have the names of libraries."""
    for name in ("random", "torch", "strategies", "numpy", "queue", "joblib", "results"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a file of the user')")
    runs = []
    for jobs, expected in ((2, ["mine", "no_change"]), (1, [])):
        process = subprocess.run(
            [sys.executable, "-m", "benchmark", *words(project, image_folder, Path("out"), jobs)],
            capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ},
        )  # fmt: skip
        assert process.returncode == 0, process.stderr
        assert trained(process.stdout) == expected
        runs.append(scores(tmp_path / "out"))
    pd.testing.assert_frame_equal(*runs)
