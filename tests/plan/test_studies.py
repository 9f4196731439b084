"""Studies: the settings of their runs."""

import pytest

from benchmark.plan.studies import LEAST_PER_CLASS, OF_OWN_DATA, STUDIES, find_study


def test_the_whole_study_has_as_many_images_as_the_case():
    assert STUDIES["forum17"].settings(1.0)["data"] == "wheels:images=48600,classes=17,ratio=100"
    assert STUDIES["noisy7"].settings(1.0)["data"] == "wheels:images=31500,classes=7,ratio=1.25"
    assert "data" not in OF_OWN_DATA.settings(1.0)


def test_the_values_that_are_asked_about_come_first():
    noisy = STUDIES["noisy7"]
    assert noisy.settings(0.02)["label_noise"] == "0.18,0"
    assert noisy.reference == {"fine_tune": "head", "label_noise": "0.18", "epochs": "2"}


@pytest.mark.parametrize("study", STUDIES.values(), ids=lambda study: study.name)
def test_a_part_that_leaves_too_few_images_is_refused_with_the_smallest(study):
    with pytest.raises(ValueError, match=rf"scale 0.0001 leaves . of {study.images:,}") as error:
        study.settings(0.0001)
    smallest = float(str(error.value).rpartition("allowed: ")[2].removesuffix(" or more"))
    least = LEAST_PER_CLASS * study.classes
    assert study.settings(smallest)["data"].startswith(f"wheels:images={least},")


@pytest.mark.parametrize("scale", [0.0, -1.0, 1.5, float("nan")])
def test_a_part_is_above_0_and_up_to_1(scale):
    with pytest.raises(ValueError, match="allowed: above 0 and up to 1"):
        STUDIES["noisy7"].settings(scale)


def test_what_a_study_is_called():
    assert find_study("noisy7").title == "study noisy7"
    assert find_study(None).title == "study of your own images"
    with pytest.raises(ValueError, match="Did you mean 'forum17'"):
        find_study("forum1")
