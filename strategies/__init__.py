"""The built-in strategies, one a file. A file in this folder is a strategy, with no other change.

Modules are imported in the order of the list of strategies: those of the mission first, then all
others by name.
"""

from importlib import import_module
from pkgutil import iter_modules

_FIRST = (
    "no_change",
    "class_weights",
    "focal_loss",
    "random_oversampling",
    "augmentation_oversampling",
    "threshold_moving",
)

for _name in dict.fromkeys((*_FIRST, *sorted(module.name for module in iter_modules(__path__)))):
    import_module(f"{__name__}.{_name}")
