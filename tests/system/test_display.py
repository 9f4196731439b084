"""Where progress is shown: by default only where a person types the code."""

import builtins
import sys
from types import SimpleNamespace

import pytest

from benchmark.system.display import choose_progress, terminal_progress
from benchmark.system.live_progress import NotebookProgress, RichProgress
from benchmark.system.progress import LogProgress, NullProgress, Timer


@pytest.fixture
def script(monkeypatch):
    """No prompt, no notebook and no terminal, wherever the tests run."""
    monkeypatch.delattr(sys, "ps1", raising=False)
    monkeypatch.delattr(builtins, "get_ipython", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    return monkeypatch


@pytest.fixture
def notebook(script):
    """A kernel that notes what is displayed: a list of contents for each line."""
    lines = []

    def display(content, raw, display_id):
        lines.append([content])
        return SimpleNamespace(update=lambda content, raw: lines[-1].append(content))

    script.setattr(sys, "ps1", "In : ", raising=False)
    kernel = SimpleNamespace(kernel=object())
    script.setattr(builtins, "get_ipython", lambda: kernel, raising=False)
    script.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return lines


def test_a_script_shows_nothing_unless_it_asks(script):
    assert isinstance(choose_progress(None), NullProgress)
    assert isinstance(choose_progress(False), NullProgress)
    assert isinstance(choose_progress(True).progress, LogProgress)


def test_a_prompt_shows_bars_on_a_terminal(script):
    script.setattr(sys, "ps1", ">>> ", raising=False)
    assert isinstance(choose_progress(None).progress, LogProgress)
    script.setattr(sys.stdout, "isatty", lambda: True)
    assert isinstance(choose_progress(None).progress, RichProgress)
    assert isinstance(choose_progress(False), NullProgress)


@pytest.mark.parametrize("stream", [None, object()])
def test_without_a_standard_output_there_are_no_bars(script, stream):
    script.setattr(sys, "stdout", stream)
    progress = terminal_progress()
    assert isinstance(progress.progress, LogProgress)
    progress.say("a sentence")


def test_ipython_on_a_terminal_is_no_notebook(script):
    script.setattr(builtins, "get_ipython", lambda: SimpleNamespace(), raising=False)
    script.setattr(sys.stdout, "isatty", lambda: True)
    assert isinstance(terminal_progress().progress, RichProgress)


def test_a_notebook_shows_a_line_for_each_task_and_replaces_it(notebook, monkeypatch):
    display = choose_progress(None)
    assert isinstance(display.progress, NotebookProgress)
    now = [100.0]
    monkeypatch.setattr("benchmark.system.progress.time.monotonic", lambda: now[0])
    for name in ("images", "training"):
        with display.task(name, 1000, "steps") as advance:
            for _ in range(1000):
                now[0] += 0.01
                advance(1)
    with display.task("cached", 1000, "steps"):
        pass
    assert len(notebook) == 2
    texts = [content["text/plain"] for content in notebook[1]]
    assert texts[0].startswith("training: 50 of 1000 steps (5%), ")
    assert texts[-1] == "training: 1000 of 1000 steps in 10 s"
    assert len(texts) < 25  # at most two a second


def test_an_object_that_shows_progress_is_taken(script):
    timer = Timer()
    assert choose_progress(timer).progress is timer


@pytest.mark.parametrize("value", [1, 0, "yes", print, Timer, []])
def test_anything_else_is_refused_in_words(value):
    with pytest.raises(ValueError, match=r"progress .* is not allowed; allowed: True, False, None"):
        choose_progress(value)
