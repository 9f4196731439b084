"""No file is unpickled: pickles can run any code. Weights come through torch's own safe reader."""

import ast
from pathlib import Path

import pytest

import benchmark

ROOT = Path(benchmark.__file__).parents[1]
FILES = sorted(
    file for folder in ("benchmark", "strategies") for file in (ROOT / folder).rglob("*.py")
)
# by module: functions that unpickle, or may do so
READERS = {
    "pickle": {"load", "loads", "Unpickler", "_Unpickler"},
    "dill": {"load", "loads"},
    "cloudpickle": {"load", "loads"},
    "marshal": {"load", "loads"},
    "shelve": {"open"},
    "joblib": {"load"},
    "pandas": {"read_pickle", "read_hdf"},
    "numpy": {"load", "fromfile", "genfromtxt", "loadtxt"},
    "torch": {"load", "load_state_dict_from_url"},
    "yaml": {"load", "unsafe_load", "full_load"},
}
SAFE = {
    "np.load": "allow_pickle=False",
    "torch.load": "weights_only=True",
}  # with this argument; NumPy's are without allow_pickle
# what is read there was pickled by the same run a moment before
OWN_PICKLES = {
    "benchmark/contract/key.py": "a strategy, to see whether it can be sent to a worker",
    "benchmark/data/parallel.py": "the reader of images, from a new folder that only we can read",
    "benchmark/engines/slurm_jobs.py": "an error, to see whether it can be sent from a job",
    "benchmark/execution/worker_input.py": "what a task names by its sha256, in the run's folder",
}


def unsafe_calls(source):
    """Return the calls in a module that may unpickle a file, as they are written."""
    tree = ast.parse(source)
    modules, functions = {}, {}  # names in this module -> what they are
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {a.asname or a.name: a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            functions |= {
                a.asname or a.name: (node.module.split(".")[0], a.name) for a in node.names
            }
    calls = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        module, name = "", ""
        if isinstance(called, ast.Attribute):
            root, name = called.value, called.attr
            while isinstance(root, ast.Attribute):
                root = root.value
            module = modules.get(root.id, "") if isinstance(root, ast.Name) else ""
        elif isinstance(called, ast.Name):
            module, name = functions.get(called.id, ("", ""))
        arguments = [f"{word.arg}={ast.unparse(word.value)}" for word in node.keywords]
        if name not in READERS.get(module, ()):
            continue
        if module == "numpy" and not any(
            word.arg in (None, "allow_pickle") for word in node.keywords
        ):
            continue
        if SAFE.get(ast.unparse(called)) in arguments:
            continue
        calls.append(ast.unparse(node))
    return calls


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.load(path)",
        "import torch as t\nt.load(path, map_location='cpu')",
        "from torch import load\nload(path, weights_only=False)",
        "import torch\ntorch.load(path, weights_only=safe)",
        "import pickle\npickle.loads(file.read_bytes())",
        "from pickle import Unpickler as Read\nRead(file).load()",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import numpy as np\nnp.load(path, **options)",
        "import joblib\njoblib.load(path)",
        "import torch\ntorch.hub.load_state_dict_from_url(address)",
        "import torch\ntorch.jit.load(path)",
        "import pandas as pd\ndef read(path):\n    return pd.read_pickle(path)",
        "import yaml\nyaml.load(text)",
    ],
)
def test_a_call_that_may_unpickle_is_seen(source):
    assert len(unsafe_calls(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.load(path, map_location='cpu', weights_only=True)",
        "import numpy as np\nnp.load(path, mmap_mode='r')",
        "import json\njson.load(file)",
        "import pickle\npickle.dumps(value)",
    ],
)
def test_a_call_that_unpickles_nothing_passes(source):
    assert not unsafe_calls(source)


def test_no_file_is_unpickled():
    unsafe = {
        file.relative_to(ROOT).as_posix(): calls
        for file in FILES
        if (calls := unsafe_calls(file.read_text(encoding="utf-8")))
    }
    assert set(unsafe) == set(OWN_PICKLES), unsafe
