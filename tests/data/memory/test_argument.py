"""What may be given as `data` in Python."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from benchmark.data.memory.in_memory import image_set
from benchmark.plan.experiment import Experiment

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 8), dtype=np.uint8)
LABELS = [0, 1] * 3


class Endless(Dataset):
    def __getitem__(self, index):
        return PIXELS[index % len(PIXELS)], 0


class Pairs(IterableDataset):
    def __iter__(self):
        return iter(zip(PIXELS, LABELS, strict=True))


TENSORS = TensorDataset(torch.tensor(PIXELS), torch.tensor(LABELS))


@pytest.mark.parametrize(
    "value",
    [
        (PIXELS, LABELS),
        (torch.tensor(PIXELS), torch.tensor(LABELS)),
        TENSORS,
        list(zip(PIXELS, LABELS, strict=True)),
        list(zip(PIXELS, LABELS, strict=True))[:2],
        image_set(PIXELS, LABELS),
    ],
)
def test_images_in_memory_are_taken(value):
    data = Experiment(data=value).data
    assert data.classes == ("0", "1")
    assert data.stamps == image_set(PIXELS, LABELS).stamps[: len(data)]


def test_a_table_is_taken_by_the_names_of_its_columns(tmp_path):
    file = tmp_path / "a.png"
    Image.fromarray(PIXELS[0]).save(file)
    (tmp_path / "b.png").write_bytes(file.read_bytes())
    frame = pd.DataFrame({"path": [str(file), str(tmp_path / "b.png")], "label": ["x", "y"]})
    assert Experiment(data=frame.assign(group=[1, 1])).data.groups.tolist() == [0, 0]
    with pytest.raises(ValueError, match=r"a table with the columns path, class\. Its columns"):
        Experiment(data=frame.rename(columns={"label": "class"}))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (DataLoader(TENSORS), r"a DataLoader\. Give its data set: data=loader\.dataset"),
        (PIXELS, r"an array without labels\. Give a pair: data=\(images, labels\)"),
        (torch.tensor(PIXELS), "an array without labels"),
        (((PIXELS, LABELS), (PIXELS, LABELS)), r"two pairs\. Join them"),
        (Pairs(), r"an iterable data set\. Give a list of its pairs"),
        (Endless(), r"a data set without a length\. Give its class a method __len__"),
        ((PIXELS, LABELS, 3), "allowed: text, a path, an image_set, a pair"),
        ({"images": PIXELS}, "allowed: text"),
        ((image for image in PIXELS), "data <generator.* is not allowed; allowed: text"),
        ([1, 2], r"data \[1, 2\] is not allowed; allowed: text"),
        ((3, 4), "data is not allowed: labels of the type int are not taken"),
        ((PIXELS.astype(float), LABELS), "data is not allowed: values from 0 to 2"),
        ((PIXELS.reshape(6, -1), LABELS), r"images of the shape \(6, 64\) are not taken"),
    ],
)
def test_anything_else_is_refused_by_what_is_taken(value, sentence):
    with pytest.raises(ValueError, match=sentence):
        Experiment(data=value)


def test_an_experiment_on_images_in_memory_is_described_and_printed_by_their_name():
    experiment = Experiment(data=image_set(PIXELS, LABELS, name="noise"))
    assert experiment.describe()["data"] == "noise"
    assert "data=ImageSet(noise: 6 images of 2 classes)" in repr(experiment)
    assert experiment.training_fingerprint() == Experiment().training_fingerprint()
