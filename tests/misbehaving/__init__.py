"""Plug-ins that misbehave, and which of their strategies should fail."""

import ast
from pathlib import Path

FILES = tuple(Path(__file__).with_name(f"{name}.py") for name in ("losses", "components"))


def _literal_keys(name: str) -> list[str]:
    """Return the keys of a table of `components.py`, which is imported as a plug-in only."""
    for node in ast.parse(FILES[1].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return [ast.literal_eval(key) for key in node.value.keys]
    raise KeyError(name)


_ACTIONS = [
    node.name
    for node in ast.parse(FILES[0].read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name != "acting"
]
# these end their process where nothing in Python can prevent it
UNTRAINED = ("acting:action=crashes",)
LOSSES = [
    name for name in (f"acting:action={action}" for action in _ACTIONS) if name not in UNTRAINED
]
_VALUES = {
    "returning": _literal_keys("LOSSES"),
    "changing": ["logits", "target", "counts", "parameters"],
    "drawing": [*_literal_keys("DRAWS"), "changes_labels"],
    "heads": ["nothing", "too_narrow", "too_wide", "function", "tuple", "other_width"],
    "deciding": [*_literal_keys("LABELS"), "changes_outputs", "changes_tensors"],
    "augmenting": ["nothing", "floats", "smaller", "selects_numbers"],
    "blending": ["one_image", "images_alone", "nan"],
    "synthesising": ["floats", "changes", "lists", "nan"],
}
COMPONENTS = [f"{name}:what={value}" for name, values in _VALUES.items() for value in values]
COMPONENTS += ["nan_at_step_3", "nan_gradient", "exiting_decision", "exiting_decision:in_rule=True"]
COMPONENTS += ["raising_expectation", "unpicklable"]
# these train to their end: what they change is set back, or is given to them as a copy
_SET_BACK = (
    *("sets_threads", "seeds", "sets_determinism", "leaves_autocast", "flushes_denormals"),
    *("changes_folder", "changes_environment", "changes_umask", "closes_stdout"),
    *("raises_on_floats", "changes_python", "forgets_modules", "leaves_hook"),
    *("leaves_function_mode", "starts_thread", "sets_alarm", "prints_megabytes"),
    *("leaves_saved_tensor_hooks", "sets_other_timers", "exits_later", "watches_garbage"),
)
HARMLESS = {
    *(f"acting:action={action}" for action in _SET_BACK),
    *("changing:what=counts", "drawing:what=changes_labels", "synthesising:what=changes"),
    *("deciding:what=changes_outputs", "deciding:what=changes_tensors", "unpicklable"),
}
