import numpy as np
import pytest

from benchmark.data.imageset import ImageSet


def test_an_image_set_must_fit_together() -> None:
    def build(**changes: object) -> ImageSet:
        parts: dict = {
            "name": "x",
            "spec": "x",
            "description": "",
            "files": ("a", "b"),
            "labels": np.array([0, 1]),
            "classes": ("p", "q"),
            "stamps": ("", ""),
            "read": None,
        }
        return ImageSet(**(parts | changes))

    assert len(build()) == 2
    for changes, message in [
        ({"files": ("a", "a")}, "two images are called 'a'"),
        ({"files": ()}, "no images"),
        ({"labels": np.array([0, 1, 1])}, "3 labels for 2 images"),
        ({"labels": np.array([0, 0])}, "at least two classes"),
        ({"split": np.array(["train", "dev"])}, "a split must be one of"),
    ]:
        with pytest.raises(ValueError, match=message):
            build(**changes)
