import subprocess
import sys

import pytest

from benchmark.model.inception_v3 import INCEPTION_V3
from benchmark.model.registry import BACKBONES, backbone, find_backbone


@pytest.fixture(autouse=True)
def restored():
    """The registry as it was before the test."""
    saved = BACKBONES.copy()
    yield
    BACKBONES.restore(saved)


def test_those_of_the_package_come_first():
    assert list(BACKBONES)[:3] == ["inception_v3", "efficientnet_lite0", "resnet18"]
    assert find_backbone("inception_v3") is INCEPTION_V3


def test_a_decorated_function_is_a_backbone():
    @backbone(half="body", min_size=16, dropout=0.2)
    def my_network():
        """Mine."""

    made = find_backbone("my_network")
    assert (made.build, made.half, made.min_size, made.dropout) == (my_network, "body", 16, 0.2)
    assert made.summary == "Mine."
    BACKBONES.remove_all_of(my_network.__module__)
    assert "my_network" not in BACKBONES


def test_a_name_is_taken_once():
    def inception_v3(): ...

    with pytest.raises(ValueError, match=r"already, in inception_v3\.py.*another function name"):
        backbone(half="x")(inception_v3)


def test_a_name_is_one_that_the_command_line_can_select():
    def build(): ...

    build.__name__ = "a\nb"
    with pytest.raises(ValueError, match=r"'a\\nb' can't be the name of a backbone"):
        backbone(half="x")(build)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'inception'.*Did you mean 'inception_v3'.*--plugin"):
        find_backbone("inception")


def test_the_registry_needs_no_torch():
    code = "import sys, benchmark.model.registry; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
