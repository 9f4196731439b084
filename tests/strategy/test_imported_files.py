"""From a component to the files that its code reaches, and to no others."""

import sys

import pytest

from benchmark.strategy.imported_files import (
    imported_files,
    names_of,
    reached_files,
)

PACKAGE = {
    "mylib/__init__.py": "from .losses import rare_first\nfrom .blocks import Stem\n",
    "mylib/losses.py": "from . import weights\ndef rare_first(x): return weights.of(x)\n",
    "mylib/weights.py": "of = abs\n",
    "mylib/blocks.py": "from mylib.deep.inner import Inner\nclass Stem(Inner): pass\n",
    "mylib/deep/__init__.py": "",
    "mylib/deep/inner.py": "class Inner: pass\n",
}
BLOCKS = {"mylib/blocks.py", "mylib/deep/__init__.py", "mylib/deep/inner.py"}
LOSSES = {"mylib/losses.py", "mylib/weights.py"}
PARENT = {"mylib/__init__.py"}


@pytest.fixture
def reach(tmp_path, monkeypatch):
    """A function that writes files and returns those that names of `main` reach."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(files, names=("Part",), follow=reached_files):
        for name, text in {**PACKAGE, **files}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        reached = follow("main", names) if follow is reached_files else follow("main")
        return {file.relative_to(tmp_path).as_posix() for file in reached.values()}

    return write


HELPER = {"helper.py": "import deep_helper\ndef f(x): return deep_helper.g(x)\nGAMMA = 2\n"}
DEEP = {"deep_helper.py": "def g(x): return x\n"}
BOTH = {"helper.py", "deep_helper.py"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from helper import f\nclass Part:\n  def go(self): return f(1)", BOTH),
        ("import helper\nclass Part:\n  def go(self): return helper.f(1)", BOTH),
        ("import helper as h\nPart = lambda: h.f(1)", BOTH),
        ("from helper import *\ndef Part(): return f(1)", BOTH),
        ("def Part():\n  from helper import f\n  return f(1)", BOTH),
        ("def Part():\n  import helper\n  return helper.f(1)", BOTH),
        ("from helper import f as g\ndef between(): return g(1)\ndef Part(): between()", BOTH),
        ("from helper import f\nclass Base:\n  x = f(1)\nclass Part(Base): pass", BOTH),
        ("from helper import f\n@f\ndef Part(): pass", BOTH),
        ("from helper import f\ndef Part(x=f(1)): pass", BOTH),
        ("from helper import f\nTABLE = {'a': f}\ndef Part(): return TABLE['a'](1)", BOTH),
        ("from helper import f\nTABLE = {}\nTABLE['a'] = f\ndef Part(): return TABLE", BOTH),
        ("from helper import f\nclass Part: pass\nPart.go = f", BOTH),
        ("from helper import f\nclass Part: pass\nsetattr(Part, 'go', f)", BOTH),
        ("try:\n  from helper import f\nexcept ImportError:\n  f = None\nPart = f", BOTH),
        ("import sys\nif sys.version_info > (3,):\n  from helper import f\nPart = f", BOTH),
        ("from helper import f\ndef Part(): return globals()['f'](1)", BOTH),
        ("from helper import f\ndef Part(): return eval('f')(1)", BOTH),
        ("import importlib\ndef Part(): return importlib.import_module('helper').f(1)", BOTH),
        ("Part = __import__('helper').f", BOTH),
        ("import helper\nPart = getattr(helper, 'f')", BOTH),
        ("from helper import GAMMA\nclass Part:\n  gamma = GAMMA", {"helper.py"}),
        ("import torch\nfrom helper import f\ntorch.relu = f\nPart = 1", BOTH),
        ("import torch\nfrom helper import f\n@torch.no_grad()\n"
         "def other(): f(1)\nPart = 1", set()),
        ("from benchmark.strategy import strategy\nfrom helper import f\n@strategy\n"
         "def other(): f(1)\nPart = 1", set()),
        ("import helper\nclass Part: pass", {"helper.py"}),  # for what it does when it is run
        # other names of the file are not those of the component
        ("from helper import f\nclass Part: pass\ndef other(): return f(1)", set()),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  from helper import f\nPart = 1",
         set()),
        ("import torch, numpy as np, random\ndef Part(): return torch, np.random, random", set()),
        ("from benchmark.strategy import CrossEntropy\nclass Part(CrossEntropy): pass", set()),
        ("import nothing_of_that_name\nPart = nothing_of_that_name.x", set()),
    ],
)  # fmt: skip
def test_files_are_followed_through_names(reach, text, expected):
    assert reach({**HELPER, **DEEP, "main.py": text}) - {"main.py"} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from mylib import rare_first\nPart = rare_first", PARENT | LOSSES),
        ("import mylib\nPart = mylib.rare_first", PARENT | LOSSES),
        ("import mylib\ndef Part(x): return mylib.losses.rare_first(x)", PARENT | LOSSES),
        ("import mylib.losses\nPart = mylib.losses.rare_first", PARENT | LOSSES),
        ("import mylib.losses as own\nPart = own.rare_first", PARENT | LOSSES),
        ("from mylib import losses\nPart = losses.rare_first", PARENT | LOSSES),
        ("from mylib.losses import rare_first\nPart = rare_first", PARENT | LOSSES),
        ("from mylib import *\nPart = rare_first", PARENT | LOSSES),
        ("from mylib import Stem\nclass Part(Stem): pass", PARENT | BLOCKS),
        ("import mylib\nPart = dir(mylib)", PARENT | LOSSES | BLOCKS),
    ],
)
def test_a_package_is_followed_through_what_it_offers(reach, text, expected):
    assert reach({"main.py": text}) - {"main.py"} == expected


def test_a_package_that_imports_all_names_of_its_modules(reach):
    package = "from .losses import *\nfrom .blocks import *\n"
    files = {"mylib/__init__.py": package, "main.py": "from mylib import Stem as Part"}
    assert reach(files) == {"main.py"} | PARENT | BLOCKS


def test_a_folder_without_init_is_a_package(reach):
    files = {"loose/one.py": "x = 1", "main.py": "from loose.one import x as Part"}
    assert reach(files) == {"main.py", "loose/one.py"}


def test_circles_end(reach):
    files = {"main.py": "from other import a as Part\nb = 1", "other.py": "from main import b as a"}
    assert reach(files) == {"main.py", "other.py"}


def test_a_broken_file_belongs_to_the_key_all_the_same(reach):
    files = {"main.py": "from other import a as Part", "other.py": "a = ("}
    assert reach(files) == {"main.py", "other.py"}


def test_all_that_a_module_imports(reach):
    text = "from mylib import Stem\nfrom helper import f\nclass Part: pass"
    files = {**HELPER, **DEEP, "main.py": text}
    assert reach(files, follow=imported_files) == {"main.py"} | BOTH | PARENT | BLOCKS | LOSSES


def test_a_value_that_no_import_shows_is_followed(reach, monkeypatch):
    text = "import importlib\nPart = importlib.import_module('hel' + 'per').f\n"
    assert reach({**HELPER, **DEEP, "main.py": text}) == {"main.py"}  # not run yet
    try:
        __import__("main")
        assert reach({**HELPER, **DEEP, "main.py": text}) == {"main.py"} | BOTH
    finally:
        for name in ("main", "helper", "deep_helper"):
            sys.modules.pop(name, None)


def test_names_of_a_module_include_those_of_a_star(reach):
    reach({"main.py": "from mylib import *\nown = 1"})
    assert names_of("main") >= {"own", "rare_first", "Stem"}


REGISTRY = {
    "register.py": "KNOWN = {}\ndef known(f): KNOWN[f.__name__] = f\n"
    "class Base:\n  def __init_subclass__(cls): KNOWN[cls.__name__] = cls\n"
    "class Meta(type): pass\n",
    "main.py": "import parts\nfrom register import KNOWN\ndef Part(): return KNOWN['own']",
}


@pytest.mark.parametrize(
    "text",
    [
        "from register import known\n@known\ndef own(): return f(1)",
        "from register import *\n@known\ndef own(): return f(1)",
        "import register\n@register.known\ndef own(): return f(1)",
        "import register\nregister.KNOWN['own'] = f",
        "from register import KNOWN\nKNOWN['own'] = f",
        "from register import known\nknown(f)",
        "KNOWN = {}\ndef known(f): KNOWN[f.__name__] = f\n@known\ndef own(): return f(1)",
    ],
)
def test_what_is_registered_may_be_used(reach, text):
    files = {**HELPER, **DEEP, **REGISTRY, "parts.py": f"from helper import f\n{text}"}
    assert reach(files) >= {"main.py", "parts.py"} | BOTH


@pytest.mark.parametrize("base", ["Base", "metaclass=Meta"])
def test_a_class_may_be_registered_by_its_base(reach, base, monkeypatch):
    text = f"from helper import f\nfrom register import *\nclass own({base}):\n  go = f\n"
    files = {**HELPER, **DEEP, **REGISTRY, "parts.py": text}
    reach(files)  # writes them
    try:
        __import__("main")
        assert reach(files) >= {"main.py", "parts.py"} | BOTH
    finally:
        for name in ("main", "parts", "register", "helper", "deep_helper"):
            sys.modules.pop(name, None)


def test_what_a_package_registers_when_it_is_run_may_be_used(reach):
    files = {
        "own/__init__.py": "from .register import build\nfrom . import parts, plain",
        "own/register.py": "KNOWN = {}\ndef known(f): KNOWN[f.__name__] = f\n"
        "def build(name): return KNOWN[name]\n",
        "own/parts.py": "from helper import f\nfrom .register import known\n"
        "@known\ndef own(): return f(1)\n",
        "own/plain.py": "import mylib\ndef g(): return mylib.Stem\n",
        "main.py": "from own import build\ndef Part(): return build('own')",
    }
    own = {"own/__init__.py", "own/register.py", "own/parts.py"}
    assert reach({**HELPER, **DEEP, **files}) == {"main.py"} | own | BOTH


def test_a_package_may_look_its_names_up_when_they_are_used(reach):
    package = (
        "import importlib\ndef __getattr__(name):\n"
        "  return getattr(importlib.import_module('.losses', __name__), name)\n"
    )
    files = {"mylib/__init__.py": package, "main.py": "from mylib import rare_first as Part"}
    assert reach(files) == {"main.py"} | PARENT | LOSSES
