"""Read a file of weights. No code of the file, and none that it names, is run."""

import pickle
import re
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from benchmark.model.file_format import SAFETENSORS, excerpt, weights_format

_FOREIGN = "foreign"  # module of the classes that are made here
_RESAVE = "save its tensors alone where it was made: torch.save(model.state_dict(), 'weights.pth')"


class StandIn(list):
    """Takes the place of an object of a class that torch does not know to be harmless.

    Checkpoints hold such objects beside the tensors: settings, numbers of NumPy, whole modules. It
    is a list because some of these classes are: what they hold is appended.
    """

    state: Any = None  # what the object would have restored itself from

    __hash__ = object.__hash__  # type: ignore[assignment]  # some are keys of dicts

    def __init__(self, *_: object) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _DictStandIn:
    """Stands in for a class that is a dict: torch fills no other kind than its own."""

    def __new__(cls, *_: object) -> Any:
        return OrderedDict()


def read_content(path: Path) -> Any:
    """Return what a file of torch.save or safetensors holds, tensors on the CPU.

    Objects of foreign classes come as `StandIn`. ValueError says why a file can't be read.
    """
    is_safetensors = weights_format(path) == SAFETENSORS
    try:
        return load_file(path) if is_safetensors else _read_torch(path)
    except (OSError, MemoryError):
        raise
    except SafetensorError as error:
        raise ValueError(
            f"weights file {path} is damaged ({_reason(error)}): download or copy it again"
        ) from error
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"weights file {path} can't be read without running code ({_reason(error)}); {_RESAVE}"
        ) from error
    except Exception as error:  # torch raises what the bytes of a damaged file lead it to
        raise ValueError(
            f"weights file {path} can't be read ({_reason(error)}): copy it again, or {_RESAVE}"
        ) from error


def _read_torch(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            foreign = get_unsafe_globals_in_checkpoint(path)
        except ValueError:  # a file from before torch 1.6, which may hold tensors alone
            foreign = []
        classes = {name: type(name, (StandIn,), {"__module__": _FOREIGN}) for name in foreign}
        while True:
            try:
                with safe_globals([(made, name) for name, made in classes.items()]):
                    return torch.load(path, map_location="cpu", weights_only=True)
            except pickle.UnpicklingError as error:
                is_dict = re.search(rf"Can only SETITEM.*<class '{_FOREIGN}\.(.+)'>", str(error))
                if not is_dict:
                    raise
                classes[is_dict[1]] = _DictStandIn


def _reason(error: Exception) -> str:
    """Return the sentence of a message that names the cause, without what torch advises."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", str(error)) or type(error).__name__
    if named := re.search(r" GLOBAL (\S+)", message):
        return f"it names {excerpt(named[1])}"
    cause = message.rpartition("WeightsUnpickler error: ")[2].strip()
    return excerpt(re.split(r"\.\s|\n", cause)[0].rstrip("."))
