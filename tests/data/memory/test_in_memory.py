"""Images that Python holds become an image set, or an error that says what is taken."""

import pickle
from dataclasses import replace
from io import BytesIO
from os import urandom
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

import benchmark
from benchmark.data.imageset import subsample
from benchmark.data.memory.in_memory import image_set
from benchmark.data.pixels.store import prepare_pixels
from tests.data.stored import encoded

N = 12
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 9, 8, 3), dtype=np.uint8)
LABELS = [0, 1, 2] * 4


class Pictures(Dataset):
    """A data set as people write it."""

    classes = ("cat", "dog", "eel")

    def __init__(self, labels=LABELS, transform=None):
        self.labels, self.transform = labels, transform or Image.fromarray
        self.file = None

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(PIXELS[index % N]), self.labels[index]


def pixels_of(images):
    return np.stack([np.asarray(images.reader.image(i)) for i in range(len(images))])


@pytest.mark.parametrize(
    "images",
    [
        PIXELS,
        PIXELS / 255,
        torch.tensor(PIXELS).permute(0, 3, 1, 2),
        list(PIXELS),
        tuple(map(Image.fromarray, PIXELS)),
        pd.Series(list(PIXELS)),
        [torch.tensor(image).permute(2, 0, 1) / 255 for image in PIXELS],
        [encoded(Image.fromarray(image)) for image in PIXELS],
    ],
)
def test_arrays_tensors_and_pil_images_are_the_same_set(images):
    made, plain = image_set(images, LABELS), image_set(PIXELS, LABELS)
    assert np.array_equal(pixels_of(made), PIXELS)
    assert made.stamps == plain.stamps
    assert made.classes == ("0", "1", "2")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array(LABELS), ("0", "1", "2")),
        (np.array(LABELS, dtype=np.uint8)[:, None], ("0", "1", "2")),
        (torch.tensor(LABELS), ("0", "1", "2")),
        (pd.Series(LABELS, index=range(50, 50 + N)), ("0", "1", "2")),
        (np.array(LABELS, dtype=float), ("0", "1", "2")),
        ([10, 9, 100] * 4, ("9", "10", "100")),
        (["b", "c", "a"] * 4, ("a", "b", "c")),
        (pd.Series(["b", "c", "a"] * 4, dtype="category"), ("a", "b", "c")),
        ([True, False] * 6, ("False", "True")),
        (np.array(["1", "2"] * 6), ("1", "2")),
    ],
)
def test_labels_are_numbers_or_text_of_any_kind(labels, classes):
    made = image_set(PIXELS, labels)
    assert made.classes == classes
    names = [str(label) for label in np.asarray(labels).ravel().tolist()]
    expected = [name.removesuffix(".0") for name in names]
    assert [made.classes[label] for label in made.labels] == expected


def test_classes_are_named_by_position_and_those_without_images_are_told():
    names = ["cat", "dog", "eel", "fox"]
    made = image_set(PIXELS, LABELS, classes=names)
    assert made.classes == ("cat", "dog", "eel")
    assert made.messages == ("arrays: no image of 1 class: fox.",)
    ordered = image_set(PIXELS, ["cat", "dog"] * 6, classes=["dog", "cat"])
    assert ordered.classes == ("dog", "cat")
    assert ordered.labels.tolist() == [1, 0] * 6


def test_groups_and_split_are_taken():
    split = ["train"] * 6 + ["valid"] * 3 + ["test"] * 3
    made = image_set(PIXELS, LABELS, groups=[5, 5, None, float("nan"), *"abcdefgh"], split=split)
    assert made.split.tolist() == ["train"] * 6 + ["val"] * 3 + ["test"] * 3
    assert made.groups[0] == made.groups[1]
    assert len(set(made.groups[1:])) == N - 1


def test_what_is_told_of_the_labels_of_a_table_is_told_of_those_in_memory():
    (message,) = image_set(PIXELS, ["nan", "a", "b"] * 4, name="mine").messages
    assert message.startswith("mine: labels that programs write where there is none")
    (message,) = image_set(PIXELS, range(N)).messages
    assert message.startswith("arrays: each of 12 images has a label of its own")


def test_paths_are_read_as_files(tmp_path):
    paths = []
    for index, image in enumerate(PIXELS):
        paths.append(tmp_path / str(index % 2) / f"{index}.png")
        paths[-1].parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(paths[-1])
    for given in (paths, list(map(str, paths)), pd.Series(map(str, paths)), np.array(paths, str)):
        made = image_set(given, LABELS)
        assert np.array_equal(pixels_of(made), PIXELS)
        assert made.files[1] == "1/1.png"
    paths[2].unlink()
    with pytest.raises(FileNotFoundError, match=r"1 path names no file: .*2\.png"):
        image_set(paths, LABELS)


@pytest.mark.parametrize(
    "dataset",
    [
        Pictures(),
        Pictures(transform=lambda image: torch.tensor(image).permute(2, 0, 1) / 255),
        Subset(Pictures(), range(N)),
        ConcatDataset([Subset(Pictures(), range(5)), Subset(Pictures(), range(5, N))]),
        TensorDataset(torch.tensor(PIXELS).permute(0, 3, 1, 2) / 255, torch.tensor(LABELS)),
        list(zip(map(Image.fromarray, PIXELS), LABELS, strict=True)),
    ],
)
def test_a_map_style_data_set_is_read_with_its_labels(dataset):
    made = image_set(dataset)
    assert np.array_equal(pixels_of(made), PIXELS)
    assert made.labels.tolist() == LABELS
    is_named = not isinstance(dataset, TensorDataset | list)
    assert made.classes == (("cat", "dog", "eel") if is_named else ("0", "1", "2"))


class Many(torch.utils.data.Dataset):
    """Says that it has so many images."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: image_set(PIXELS, LABELS[1:]), "12 images and 11 labels"),
        (lambda: image_set(PIXELS.reshape(N, -1), LABELS), r"images of the shape \(12, 216\)"),
        (lambda: image_set(PIXELS / 128 - 1, LABELS), "Leave the Normalize transform away"),
        (lambda: image_set(PIXELS // 128, LABELS), "multiply by 255"),
        (lambda: image_set(PIXELS, np.eye(3)[LABELS]), r"labels\.argmax\(1\)"),
        (lambda: image_set(PIXELS, [None, *LABELS[1:]]), "image 0 has none"),
        (
            lambda: image_set(PIXELS, [*LABELS[1:], float("nan")]),
            "every image needs a label.*image 11 has none",
        ),
        (
            lambda: image_set(PIXELS, ["a", *LABELS[1:]]),
            "some are numbers, as [012], some are text",
        ),
        (lambda: image_set(PIXELS, [True, *LABELS[1:]]), "numbers, as [012], and some are True"),
        (lambda: image_set(PIXELS, LABELS, ["", "a", "b"]), "class at position 0 has no name"),
        (lambda: image_set(Many(10**12)), "1,000,000,000,000 images are too many: .* 20,000,000"),
        (lambda: image_set(Many(10**30)), "images are too many"),
        (lambda: image_set(PIXELS, [0] * N), "at least two classes"),
        (lambda: image_set(PIXELS, LABELS, classes=["a", "b"]), "the labels 2 are none of them"),
        (lambda: image_set(PIXELS, LABELS, split=["x"] * N), "split"),
        (lambda: image_set(Pictures(labels=[[0, 1]] * N)), r"item 0 can't be read: the label \[0"),
        (lambda: image_set([(1, 2, 3)]), "item 0 can't be read: tuple is no pair"),
        (lambda: image_set([{"image": PIXELS[0]}]), r"dict is no pair .*data=\(images, labels\)"),
        (lambda: image_set(PIXELS[:0], []), r"\(0, 9, 8, 3\) holds no pixels"),
        (lambda: image_set(PIXELS[:, :0], LABELS), r"\(12, 0, 8, 3\) holds no pixels"),
        (lambda: image_set("pictures", LABELS), "images of the type str are not taken"),
        (lambda: image_set(Path("pictures"), LABELS), "type PosixPath|WindowsPath are not taken"),
        (lambda: image_set(iter(PIXELS), LABELS), "images of the type .* are not taken"),
        (lambda: image_set(None, LABELS), "images of the type NoneType are not taken"),
        (lambda: image_set(pd.DataFrame(PIXELS[:, 0, :, 0]), LABELS), r"shape \(12, 8\).*reshape"),
        (lambda: image_set([(0, PIXELS[0])]), "a value of the type int is no image"),
        (lambda: image_set([b"a JPEG"] * N, LABELS), "text, not an image; it begins 'a JPEG'"),
        (lambda: image_set([BytesIO()] * N, LABELS), "a value of the type BytesIO is no image"),
        (lambda: image_set(["none.png", PIXELS[0]], [0, 1]), "FileNotFoundError: .*none.png"),
        (lambda: image_set([(PIXELS[0], 1)] * N, LABELS), "a tuple of several shapes is no array"),
        (lambda: image_set(torch.tensor(PIXELS).to("meta"), LABELS), "NumPy can't hold"),
        (
            lambda: image_set(torch.tensor(PIXELS).to_sparse(), LABELS),
            "NumPy can't hold .*to_dense",
        ),
        (lambda: image_set([[[0, 1], [2]]] * N, LABELS), "a list of several shapes"),
        (lambda: image_set(PIXELS, LABELS, groups=dict.fromkeys(range(N))), "groups of the type"),
        (lambda: image_set(PIXELS, LABELS, name="a\nb"), "name 'a.*' is not allowed"),
        (lambda: image_set(PIXELS, LABELS, name="\u3164"), "name '.' is not allowed"),
        (lambda: image_set(Pictures(transform=lambda _: 1 / 0)), "item 0 .*ZeroDivisionError"),
        (
            lambda: image_set(Pictures(transform=lambda image: image / 100 - 1)),
            "item 0 can't be read: values from -1 to .* Leave the Normalize transform away",
        ),
    ],
)
def test_what_makes_no_image_set_is_refused_in_words(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_the_pixel_store_follows_the_content():
    made = image_set(PIXELS, LABELS)
    other = PIXELS.copy()
    other[3, 0, 0, 0] ^= 1
    changed = image_set(other, LABELS)
    assert [a == b for a, b in zip(made.stamps, changed.stamps, strict=True)].count(False) == 1
    stored = prepare_pixels(made, 8)
    assert np.array_equal(stored.array, prepare_pixels(subsample(made, 99), 8).array)
    assert prepare_pixels(changed, 8).key != stored.key


def test_arrays_that_change_before_they_are_decoded_end_the_run_and_are_stored_for_none():
    changing = PIXELS.copy()
    made = image_set(changing, LABELS)
    changing[3] = 0
    with pytest.raises(ValueError, match=r"1 image of 12 changed .*\(0/000003\).* a new image_set"):
        prepare_pixels(made, 7)
    assert prepare_pixels(image_set(PIXELS, LABELS), 7).array[3].any()


def test_random_transforms_are_refused_in_words():
    noisy = Pictures(transform=lambda image: image ^ np.frombuffer(urandom(1), "uint8"))
    with pytest.raises(ValueError, match="leave random transforms away"):
        prepare_pixels(subsample(image_set(noisy), 6), 8)


def test_what_cannot_be_sent_to_another_process_is_read_here():
    labels = [0, 1] * 100  # more than a block
    dataset = Pictures(labels, transform=lambda _: PIXELS[0])
    dataset.file = Path(__file__).open()  # noqa: SIM115 - as HDF5 data sets hold one
    with dataset.file:
        made = image_set(dataset)
    assert len(made) == 200
    in_memory = replace(made, reader=image_set(np.repeat(PIXELS[:1], 200, axis=0), labels).reader)
    assert prepare_pixels(in_memory, 8).readable.all()


def test_an_image_set_is_printed_in_a_line_and_pickled():
    made = image_set(PIXELS, LABELS, name="noise")
    assert repr(made) == "ImageSet(noise: 12 images of 3 classes)"
    again = pickle.loads(pickle.dumps(made))
    assert np.array_equal(pixels_of(again), PIXELS)
    assert benchmark.image_set is image_set
