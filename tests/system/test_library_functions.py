"""Functions of libraries that are replaced."""

import json
import math

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch._dynamo.mutation_guard import install_generation_tagging_init

from benchmark.system import library_functions
from benchmark.system.isolation import isolated
from benchmark.system.library_functions import functions_now, restore_functions
from benchmark.train import trainer
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


def test_a_method_of_a_class_that_names_another_module_is_put_back(monkeypatch):
    """The class torch.Tensor says that it is of torch, and it is made in torch._tensor."""
    original, before = torch.Tensor.backward, functions_now()
    monkeypatch.setattr(torch.Tensor, "backward", lambda *_: None)
    assert restore_functions(before) == ["torch.Tensor.backward"]
    assert torch.Tensor.backward is original


def test_what_hides_an_inherited_or_a_built_in_function_is_taken_away():
    before = functions_now()
    torch.Tensor.sum = lambda *_: 0
    torch.nn.Conv2d.__call__ = lambda *_: 0
    trainer.len = lambda _: 0
    assert set(restore_functions(before)) == {
        "torch.Tensor.sum",
        "torch.nn.modules.conv.Conv2d.__call__",
        "benchmark.train.trainer.len",
    }
    assert "sum" not in vars(torch.Tensor)
    assert not hasattr(trainer, "len")


def test_what_a_function_runs_and_its_defaults_are_put_back():
    batch_norm, drop = torch.nn.functional.batch_norm, torch.optim.Adam.__init__
    init = torch.nn.BatchNorm2d.__init__
    originals = batch_norm.__code__, init.__defaults__, dict(drop.__kwdefaults__)
    before = functions_now()
    batch_norm.__code__ = (lambda *_, **__: 0).__code__
    init.__defaults__ = (0.3, 0.9, True, True, None, None)
    drop.__kwdefaults__["foreach"] = True
    assert set(restore_functions(before)) == {
        "torch.nn.functional.batch_norm",
        "torch.nn.modules.batchnorm._BatchNorm.__init__",
        "torch.optim.adam.Adam.__init__",
    }
    assert (batch_norm.__code__, init.__defaults__, drop.__kwdefaults__) == originals


def test_constants_are_put_back(monkeypatch):
    before = functions_now()
    for module, name in [(torch, "nan"), (np, "inf"), (math, "pi")]:
        monkeypatch.setattr(module, name, 0.0, raising=False)
    assert set(restore_functions(before)) == {"torch.nan", "numpy.inf", "math.pi"}
    assert math.isnan(torch.nan)
    assert np.inf > math.pi > 3


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


def test_nothing_is_gathered_anew_between_sections_that_add_no_class():
    with isolated():
        pass
    gathered = library_functions._latest[0].modules
    torch.nn.Linear(1, 1).register_forward_hook(print)  # hooks are counted in their class
    with isolated():
        torch.nn.Linear(1, 1).register_forward_hook(print)
    with isolated():
        pass
    assert library_functions._latest[0].modules is gathered


def test_what_was_replaced_before_is_watched_as_it_is_now(monkeypatch):
    def forward(*_):
        return 1

    functions_now()
    monkeypatch.setattr(torch.nn.Linear, "forward", forward)
    before, code = functions_now(), forward.__code__
    forward.__code__ = (lambda *_: 2).__code__
    (name,) = restore_functions(before)
    assert name.endswith("forward")
    assert forward.__code__ is code
    assert torch.nn.Linear.forward is forward


def test_a_class_that_was_added_before_is_watched(monkeypatch):
    class Added(json.JSONDecoder):
        """A further class of a library."""

        decode = json.JSONDecoder.decode

    functions_now()
    Added.__module__, Added.__qualname__ = "json", "Added"
    monkeypatch.setattr(json, "Added", Added, raising=False)
    before = functions_now()
    monkeypatch.setattr(Added, "decode", lambda *_: None)
    assert restore_functions(before) == ["json.Added.decode"]
