"""Fixtures of whole runs."""

import pytest

from benchmark.plugins import unload_plugin
from tests.integration.commands import SMALL_BACKBONE


@pytest.fixture(scope="module", autouse=True)
def no_plugin_is_left():
    """Runs in this process register the small backbone: take it out again."""
    yield
    unload_plugin(SMALL_BACKBONE)
