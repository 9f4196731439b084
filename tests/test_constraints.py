"""The tests run with pinned versions, which are within the bounds that users have."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
TESTED = [
    *PROJECT["dependencies"],
    *PROJECT["optional-dependencies"]["test"],
    *PROJECT["optional-dependencies"]["lint"],
]
PINNED = {
    canonicalize_name(name): version
    for line in (ROOT / ".ci" / "constraints.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for name, _, version in [line.partition("==")]
}


@pytest.mark.parametrize("text", TESTED)
def test_what_the_tests_need_is_pinned_within_its_bounds(text):
    requirement = Requirement(text)
    version = PINNED[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version)


def test_every_pin_is_one_version():
    assert all(version and "*" not in version for version in PINNED.values())
