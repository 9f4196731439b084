"""Two components are the same when type, fields and code are."""

from dataclasses import dataclass

import numpy as np
import pytest

from benchmark.strategy import CrossEntropy, RandomView
from benchmark.strategy.identity import identity, normalised_hash


@dataclass(frozen=True)
class Holds:
    value: object


def test_fields_matter():
    assert identity(RandomView(5.0)) == identity(RandomView(5.0))
    assert identity(RandomView(5.0)) != identity(RandomView(6.0))
    assert identity(Holds(CrossEntropy())) == identity(Holds(CrossEntropy()))


def test_arrays_are_told_apart_by_content():
    one, two = np.arange(3.0), np.arange(3.0)
    assert identity(Holds(one)) == identity(Holds(two))
    two[0] = 9
    assert identity(Holds(one)) != identity(Holds(two))
    assert identity(Holds(one)) != identity(Holds(one.astype(np.float32)))


def test_code_matters_and_its_look_does_not():
    plain = "def f(x):\n    return x + 1\n"
    dressed = '"""Module."""\n\n# why\ndef f(x):\n    """Add."""\n    return (x  +  1)\n'
    assert normalised_hash(plain) == normalised_hash(dressed)
    assert normalised_hash(plain) != normalised_hash(plain.replace("+", "-"))


def test_what_cannot_be_told_apart_is_refused():
    with pytest.raises(TypeError, match="frozen dataclass or a plain function"):
        identity(Holds(object()))
    captured = 3
    with pytest.raises(TypeError, match="Put the values that it needs into fields"):
        identity(lambda x: x + captured)
