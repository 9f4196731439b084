"""Parameters behind the name of a data source or a strategy."""

import pytest

from benchmark.spec import parse_parameters


def rendered(images: int = 100, ratio: float = 10.0, noisy: bool = False) -> tuple:
    return images, ratio, noisy


def test_parameters_have_the_type_of_their_default():
    assert parse_parameters("wheels", rendered, "") == {}
    given = parse_parameters("wheels", rendered, "ratio=3, images=7,noisy=yes")
    assert given == {"ratio": 3.0, "images": 7, "noisy": True}
    assert isinstance(given["ratio"], float)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image=7", r"no parameter 'image'; it takes images=100, ratio=10.0, noisy=False"),
        ("images=1.5", "images=1.5 is not of type int"),
        ("noisy=maybe", "noisy=maybe is not of type bool"),
        ("images", "not of the form name=value"),
        ("images=1,images=2", "given twice"),
    ],
)
def test_wrong_parameters_are_explained(text, said):
    with pytest.raises(ValueError, match=said):
        parse_parameters("wheels", rendered, text)
