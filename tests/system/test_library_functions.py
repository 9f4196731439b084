"""Functions of libraries that are replaced."""

import json

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch._dynamo.mutation_guard import install_generation_tagging_init

from benchmark.system.library_functions import functions_now, restore_functions
from benchmark.train.trainer import Training


def test_what_is_replaced_is_put_back_and_named(monkeypatch):
    original = torch.nn.functional.cross_entropy, Training._train_step, np.mean
    before = functions_now()
    monkeypatch.setattr(torch.nn.functional, "cross_entropy", torch.nn.functional.nll_loss)
    monkeypatch.setattr(Training, "_train_step", lambda *_: None)
    monkeypatch.setattr(np, "mean", None)
    assert set(restore_functions(before)) == {
        "torch.nn.functional.cross_entropy",
        "benchmark.train.trainer.Training._train_step",
        "numpy.mean",
    }
    assert (torch.nn.functional.cross_entropy, Training._train_step, np.mean) == original


def test_libraries_may_replace_functions_of_each_other_when_they_are_imported(monkeypatch):
    before = functions_now()
    monkeypatch.setattr(json, "dumps", json.loads)
    monkeypatch.setattr(json, "load", lambda *_: None)
    assert restore_functions(before, by_users_only=True) == ["json.load"]


def test_what_another_library_has_replaced_is_put_back_without_a_word(monkeypatch):
    original, before = json.dumps, functions_now()
    monkeypatch.setattr(json, "dumps", f1_score)
    assert restore_functions(before) == []
    assert json.dumps is original


def test_what_torch_replaces_to_compile_is_put_back_without_a_word(monkeypatch):
    module = torch.nn.Module
    monkeypatch.setattr(module, "___needs_generation_tag_patch", True, raising=False)
    original, before = module.__init__, functions_now()
    install_generation_tagging_init()
    assert module.__init__ is not original
    assert restore_functions(before) == []
    assert module.__init__ is original


def test_a_compiled_function_stays_nowhere(monkeypatch):
    original, before = torch.nn.functional.relu, functions_now()
    monkeypatch.setattr(torch.nn.functional, "relu", torch.compile(original))
    restore_functions(before)
    assert torch.nn.functional.relu is original


def test_a_training_replaces_nothing():
    before = functions_now()
    weights = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.AdamW([weights])  # torch wraps its step when the first one is made
    weights.sum().backward()
    optimizer.step()
    assert restore_functions(before) == []
