"""A model that was exported predicts what its run has predicted, anywhere."""

import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import benchmark
from benchmark.execution import networks
from benchmark.execution.outputs import OutputStore
from benchmark.execution.run_folder import RunFolder
from benchmark.plugins import load_plugin, unload_plugin
from benchmark.storage.stored_file import DamagedFileError
from tests.integration.commands import SMALL_BACKBONE, call
from tests.notes import Notes

STRATEGIES = (
    "no_change,threshold_moving,prior_correction,tau_norm,ldam_drw,temperature_scaling,"
    "vector_scaling,threshold_moving:base=class_weights,ensemble,"
    "threshold_moving:base=ensemble:base=no_change|ldam_drw"
)
SETTINGS = {
    "plugin": str(SMALL_BACKBONE), "backbone": "small", "image_size": 32, "weights": "none",
    "precision": "fp32", "device": "cpu", "epochs": "2+2", "lr": 0.003, "jobs": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def run(image_folder, tmp_path_factory):
    """A run of the strategies with decisions of every kind; its networks are kept."""
    load_plugin(SMALL_BACKBONE)
    out = tmp_path_factory.mktemp("run")
    benchmark.run(image_folder, STRATEGIES, keep="best", no_null=True, out=out, **SETTINGS)
    yield out
    unload_plugin(SMALL_BACKBONE)


@pytest.fixture(scope="module")
def model(run, tmp_path_factory):
    """The folder of the model that is best on validation."""
    return benchmark.export(run, to=tmp_path_factory.mktemp("models") / "best").folder


def predicted(run, strategy):
    """What a run has predicted of the test images, by their files."""
    table = pd.read_csv(run / "predictions.csv")
    table = table[(table["strategy"] == strategy) & (table["split"] == "test")]
    return table.set_index("file")


def strategies(run):
    return pd.read_csv(run / "summary.csv")["strategy"].tolist()


def test_every_decision_is_the_run_s_on_its_own_test_images(run, image_folder, tmp_path):
    labels = set()
    for number, strategy in enumerate(strategies(run)):
        exported = benchmark.export(run, strategy, to=tmp_path / str(number))
        expected = predicted(run, strategy)
        files = [image_folder / file for file in expected.index]
        table = benchmark.predict_files(exported.folder, files).table
        assert table["class"].tolist() == expected["predicted"].tolist(), strategy
        np.testing.assert_allclose(table["confidence"], expected["confidence"], atol=1.1e-5)
        labels.add(tuple(table["class"]))
    assert len(labels) > 3, "the decisions differ"


def test_a_network_that_was_not_kept_is_trained_again_to_the_same_bits(run, tmp_path):
    shutil.rmtree(run / "networks" / "again", ignore_errors=True)
    notes = Notes()
    benchmark.export(run, "ldam_drw", to=tmp_path / "first", progress=notes)
    text = " ".join(notes.texts)
    assert "the network of ldam_drw (seed 0) was not kept: it is trained again" in text
    assert "it is the same to the bit" in text
    folder = RunFolder(run)
    again = RunFolder(run / "networks" / "again")
    key = folder.read_record("ldam_drw", 0).network
    there, here = (OutputStore(each).load(key)[0]["test"] for each in (folder, again))
    np.testing.assert_array_equal(there.logits, here.logits)
    notes = Notes()
    benchmark.export(run, "ldam_drw", to=tmp_path / "second", progress=notes, data="gone")
    assert "trained again" not in " ".join(notes.texts), "it is there now, and needs no images"
    first, second = (load_file(tmp_path / n / "model.safetensors") for n in ("first", "second"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_of_an_ensemble_the_network_that_is_missing_is_trained_again(run, tmp_path):
    name = "threshold_moving:base=ensemble:base=no_change|ldam_drw"
    notes = Notes()
    shutil.rmtree(run / "networks" / "again", ignore_errors=True)
    exported = benchmark.export(run, name, to=tmp_path / "m", progress=notes)
    assert len(exported.info.networks) == 2
    text = " ".join(notes.texts)
    assert f"1 of the 2 networks of {name} (seed 0) was not kept: it is trained again" in text
    assert "it is the same to the bit" in text
    trained = list((run / "networks" / "again" / "networks").glob("*.safetensors"))
    kept = RunFolder(run).read_record("no_change", 0).network
    assert [file.stem for file in trained] != []
    assert not any(kept.startswith(file.stem) for file in trained), "the baseline's is kept"


def test_a_network_can_not_be_trained_again_from_other_images(run, image_folder, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(folder / "networks")
    other = shutil.copytree(image_folder, tmp_path / "images")
    Image.new("RGB", (40, 40)).save(other / "rare" / "000.png")
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["data"]["spec"] == str(image_folder)
    labels = [file.parent.name for file in sorted(other.rglob("*.png"))]
    images = benchmark.image_set(sorted(other.rglob("*.png")), labels)
    with pytest.raises(ValueError, match=f"{other} holds other images than .* Give --data the"):
        benchmark.export(folder, "no_change", data=other)
    with pytest.raises(ValueError, match="holds other images than when"):
        benchmark.export(folder, "no_change", data=images)


def test_it_predicts_without_its_run(model, image_folder, tmp_path):
    moved = shutil.copytree(model, tmp_path / "elsewhere")
    classifier = benchmark.load_model(moved, device="cpu")
    assert classifier.classes_.tolist() == ["common", "middling", "rare"]
    files = sorted(image_folder.rglob("*.png"))[:5]
    images = [Image.open(file) for file in files]
    arrays = [np.asarray(image) for image in images]
    probabilities = classifier.predict_proba(files)
    assert probabilities.shape == (5, 3)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    for same in (images, arrays, np.stack(arrays), [str(file) for file in files]):
        np.testing.assert_array_equal(classifier.predict_proba(same), probabilities)
        assert set(classifier.predict(same)) <= set(classifier.classes_)


def test_an_image_that_can_not_be_read_is_an_error_in_python(model, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(ValueError, match=r"image 0 can't be read: .*not an image"):
        benchmark.load_model(model).predict([tmp_path / "text.png"])


def test_a_disk_without_room_is_known_before_training(run, tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "SPARE", 2**80)
    shutil.rmtree(run / "networks" / "again", ignore_errors=True)
    with pytest.raises(ValueError, match=r"has no room for the network: .* Make room there, or"):
        benchmark.export(run, "ldam_drw", to=tmp_path / "m")
    assert not list((run / "networks" / "again").glob("outputs/*"))


def test_a_decision_that_was_edited_since_is_refused(run, tmp_path):
    folder = RunFolder(shutil.copytree(run, tmp_path / "run"))
    record = folder.read_record("no_change", 0)
    others = tuple(2 - label for label in record.predicted["test"])
    folder.write_record(replace(record, predicted={**record.predicted, "test": others}))
    with pytest.raises(ValueError, match="of the test images another label than in the run: its"):
        benchmark.export(folder.path, "no_change")


@pytest.mark.parametrize("file", ["model.safetensors", "model.json"])
def test_a_changed_byte_is_refused(model, tmp_path, file):
    folder = shutil.copytree(model, tmp_path / "model")
    content = bytearray((folder / file).read_bytes())
    for position in np.linspace(0, len(content) - 1, 40).astype(int):
        for changed in (content[position] ^ 1, 13):
            if changed == content[position]:
                continue
            damaged = content.copy()
            damaged[position] = changed
            (folder / file).write_bytes(damaged)
            with pytest.raises(ValueError, match=r"is damaged|has format") as raised:
                benchmark.load_model(folder)
            assert isinstance(raised.value, DamagedFileError)
            assert "Export the model again, or copy its folder anew" in str(raised.value)


def test_a_missing_file_and_a_folder_without_a_model_are_refused(model, tmp_path):
    folder = shutil.copytree(model, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    with pytest.raises(DamagedFileError, match=r"model.safetensors is damaged: it is missing"):
        benchmark.load_model(folder)
    with pytest.raises(FileNotFoundError, match=r"holds no model: there is no model.json"):
        benchmark.load_model(tmp_path)


def test_a_network_of_a_plug_in_asks_for_its_file(model):
    unload_plugin(SMALL_BACKBONE)
    try:
        with pytest.raises(ValueError, match=r"'small' is code of small_backbone.py: give that"):
            benchmark.load_model(model)
        assert benchmark.load_model(model, plugin=str(SMALL_BACKBONE))
    finally:
        load_plugin(SMALL_BACKBONE)


def test_the_best_on_validation_is_taken_and_how_sure_that_is_is_said(run, model):
    card = (model / "README.md").read_text()
    scores = pd.read_csv(run / "seeds.csv").set_index("strategy")["val_macro_f1"]
    info = json.loads((model / "model.json").read_text())
    assert scores[info["strategy"]] == scores.max()
    assert "is best on validation (macro-F1 " in card
    assert "resamples of the validation images" in card


def test_the_card_says_what_it_must(model):
    text = (model / "README.md").read_text()
    assert text.startswith('---\nlibrary_name: "imbalance-bench"\npipeline_tag: "image-classif')
    for name in ("common", "middling", "rare"):
        assert f"| {name} |" in text
    for heading in ("How to use it", "Recall of every class", "Data", "Licence"):
        assert f"## {heading}" in text
    assert "The model has not been trained on the test images." in text


def test_refitting_trains_on_all_images_and_keeps_the_decision(run, image_folder, tmp_path):
    plain = benchmark.export(run, "threshold_moving", to=tmp_path / "plain")
    refitted = benchmark.export(run, "threshold_moving", to=tmp_path / "refit", refit=True)
    assert refitted.info.is_refitted
    assert refitted.info.decision == plain.info.decision
    assert refitted.info.metrics == plain.info.metrics
    split = RunFolder(run / "networks" / "refitted")
    (manifest,) = (split.path / "outputs").glob("*.json")
    record = RunFolder(run).read_record("threshold_moving", 0)
    trained = json.loads(manifest.read_text())
    assert trained["steps"] == record.budget.steps
    assert trained["distinct_images"] > record.budget.distinct_images
    card = (refitted.folder / "README.md").read_text()
    assert "trained once more, on all images" in card
    first, second = (load_file(each.folder / "model.safetensors") for each in (plain, refitted))
    assert not torch.equal(first["head.weight"], second["head.weight"])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("focal_los",), r"'focal_los' is none of the run.* Choose one of no_change, threshold"),
        ((None, 5), "seed 5 is none of the run; allowed: 0"),
        ((None, "0"), "seed '0' is none of the run; allowed: 0"),
        ((3,), "strategy 3 is not allowed; allowed: its name"),
    ],
)
def test_a_strategy_or_seed_of_another_run_is_refused(run, arguments, error):
    with pytest.raises(ValueError, match=error):
        benchmark.export(run, arguments[0], seed=(*arguments, None)[1])


def test_files_of_others_are_not_written_over(run, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds other files than a model's; give --to another"):
        benchmark.export(run, to=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("files", [{"README.md"}, {"README.md", "model.json", "notes.txt"}])
def test_a_readme_of_others_is_not_removed(run, tmp_path, files):
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ValueError, match="holds other files than a model's; give --to another"):
        benchmark.export(run, to=tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == files


def test_a_place_that_can_not_be_written_is_known_before_training(run, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match=r"move that away, or choose another --to"):
        benchmark.export(run, "ldam_drw", to=tmp_path / "file" / "model")


@pytest.mark.slow
def test_other_runtimes_give_the_same(run, image_folder, tmp_path):
    exported = benchmark.export(
        run, "threshold_moving:base=class_weights", to=tmp_path / "m", onnx=True, pt2=True
    )
    model = benchmark.load_model(exported.folder)
    files = sorted(image_folder.rglob("*.png"))
    images = np.stack([np.asarray(Image.open(file)) for file in files])
    resized = np.stack(
        [np.asarray(Image.fromarray(i).resize((32, 32), Image.Resampling.BILINEAR)) for i in images]
    )
    session = ort.InferenceSession(exported.folder / "model.onnx")
    assert (
        session.get_modelmeta().custom_metadata_map["classes"] == '["common", "middling", "rare"]'
    )
    program = torch.export.load(exported.folder / "model.pt2").module()
    for given in (images, resized, resized[:1]):
        expected = model.predict_proba(given)
        for probabilities, labels in (
            session.run(None, {"images": given}),
            [each.numpy() for each in program(torch.from_numpy(given))],
        ):
            np.testing.assert_allclose(probabilities, expected, atol=2e-3)
            if given is not images:
                np.testing.assert_allclose(probabilities, expected, atol=1e-5)
                assert model.classes_[labels].tolist() == model.predict(given).tolist()


def test_without_onnx_nothing_is_written(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'imbalance-bench\[onnx\]'"):
        benchmark.export(run, to=tmp_path / "m", onnx=True)
    assert not (tmp_path / "m").exists()


def test_the_command_lines_of_the_readme(run, image_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("export", run, "--to", tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert f"python -m benchmark predict {tmp_path / 'model'} IMAGES" in done.stdout
    (tmp_path / "broken.png").write_text("no image")
    words = ("predict", tmp_path / "model", image_folder, tmp_path / "broken.png")
    done = call(*words, "--max-error", 0.3)
    assert done.returncode == 0, done.stderr
    assert "can't be read: 1 file" in done.stdout
    assert "predictions: predictions.csv" in done.stdout
    table = pd.read_csv("predictions.csv")
    assert len(table) == 48
    assert table["error"].notna().sum() == 1
    assert table.columns.tolist()[:3] == ["file", "class", "confidence"]
    assert call(*words, "--out", tmp_path / "broken.png").returncode == 2
    assert (tmp_path / "broken.png").read_text() == "no image"
