"""Losses that do to their process what no loss should; see `test_misbehaving`."""

import builtins
import ctypes
import faulthandler
import gc
import logging
import os
import random
import resource
import signal
import sys
import threading
import time
import warnings
from dataclasses import dataclass

import numpy as np
import torch

from benchmark.strategy import CrossEntropy, Stage, Strategy, strategy

KEPT = []


class UnprintableError(Exception):
    """An exception without a text."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class ExitingError(Exception):
    """An exception whose text ends the process."""

    def __str__(self):
        os._exit(0)


def exits():
    sys.exit(0)


def exits_with_text():
    sys.exit("enough")


def exits_at_once():
    os._exit(0)


def exits_though_caught():
    try:
        os._exit(0)
    except BaseException:
        KEPT.append("went on")


def aborts():
    os.abort()


def kills_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def kills_parent():
    os.kill(os.getppid(), signal.SIGKILL)


def terminates_group():
    os.killpg(os.getpgrp(), signal.SIGTERM)


def raises_signal():
    signal.raise_signal(signal.SIGINT)


def becomes_another_program():
    os.execvp("true", ["true"])


def forks():
    if os.fork():
        os.wait()


def interrupts():
    raise KeyboardInterrupt


def ends_generator():
    raise GeneratorExit("over")


def raises_unprintable():
    raise UnprintableError


def raises_exiting():
    raise ExitingError


def raises_surrogates():
    raise ValueError("a \udce9 b \ud800")


def raises_controls():
    raise ValueError("a \x1b[31m b \r \x00 \u202e <b>|`")


def raises_megabytes():
    raise ValueError("long " * 2_000_000)


def recurses():
    recurses()


def raises_warnings():
    warnings.simplefilter("error")
    warnings.warn("this one", stacklevel=1)


def leaves_grad_off():
    torch.set_grad_enabled(False)


def leaves_inference_mode():
    KEPT.append(torch.inference_mode())
    KEPT[-1].__enter__()


def sets_dtype():
    torch.set_default_dtype(torch.float64)


def sets_default_device():
    torch.set_default_device("meta")


def sets_threads():
    torch.set_num_threads(7)


def seeds():
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)


def sets_determinism():
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("medium")
    torch.autograd.set_detect_anomaly(True)


def leaves_autocast():
    KEPT.append(torch.autocast("cpu", torch.bfloat16))
    KEPT[-1].__enter__()


def flushes_denormals():
    torch.set_flush_denormal(True)


def changes_folder():
    os.chdir("/")


def changes_environment():
    os.environ.clear()
    os.environ["PATH"] = "/nowhere"


def changes_umask():
    os.umask(0o777)


def closes_streams():
    os.close(1)
    os.close(2)
    sys.stdout = sys.stderr = None


def closes_stdout():
    sys.stdout.close()


def raises_on_floats():
    np.seterr(all="raise")
    np.set_printoptions(precision=1, threshold=2)


def changes_python():
    sys.setrecursionlimit(150)
    sys.path.clear()
    sys.settrace(lambda *_: None)
    gc.disable()
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def forgets_modules():
    for name in [name for name in sys.modules if name.startswith(("json", "benchmark"))]:
        sys.modules.pop(name)


def replaces_cross_entropy():
    torch.nn.functional.cross_entropy = lambda *_, **__: torch.zeros(())


def replaces_optimizer():
    torch.optim.AdamW.step = lambda *_: None


def replaces_trainer():
    from benchmark.train.trainer import Training

    Training._train_step = lambda *_: torch.zeros(())


def replaces_open():
    __builtins__["open"] = None


def leaves_hook():
    torch.nn.modules.module.register_module_forward_hook(lambda *values: values[2] * 0)


def leaves_function_mode():
    class Mode(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, call, _types, values=(), named=None):
            return call(*values, **(named or {}))

    KEPT.append(Mode())
    KEPT[-1].__enter__()


def starts_thread():
    def work():
        while True:
            time.sleep(0.01)

    threading.Thread(target=work).start()


def sets_alarm():
    signal.setitimer(signal.ITIMER_REAL, 3600)


def prints_megabytes():
    print("text " * 200_000)


def replaces_backward():
    torch.Tensor.backward = lambda *_, **__: None


def hides_inherited_function():
    torch.Tensor.sum = lambda *_, **__: None


def replaces_code():
    torch.nn.functional.batch_norm.__code__ = (lambda values, *_, **__: values * 0.5).__code__


def replaces_defaults():
    torch.nn.BatchNorm2d.__init__.__defaults__ = (0.3, 0.9, True, True, None, None)


def replaces_nan():
    torch.nan = np.nan = np.inf = 0.0


def overrides_operator():
    KEPT.append(torch.library.Library("aten", "IMPL"))
    KEPT[-1].impl("relu", lambda values: values.abs(), "AutogradCPU")


def leaves_saved_tensor_hooks():
    KEPT.append(torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t * 0))
    KEPT[-1].__enter__()


def deletes_len():
    del builtins.len


def writes_labels():
    frame = sys._getframe()
    while not hasattr(frame.f_locals.get("self"), "prepared"):
        frame = frame.f_back
    frame.f_locals["self"].prepared.images.labels[:5] = 0


def limits_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (12, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def limits_time():
    resource.setrlimit(resource.RLIMIT_CPU, (1, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def becomes_another_user():
    os.seteuid(65534)


def closes_files():
    os.closerange(3, 200)


def sets_short_alarm():
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    time.sleep(5)


def sets_other_timers():
    signal.setitimer(signal.ITIMER_VIRTUAL, 3600)
    signal.setitimer(signal.ITIMER_PROF, 3600)


def ends_later():
    faulthandler.dump_traceback_later(3600, exit=True)


def exits_later():
    def work():
        time.sleep(1)
        os._exit(0)

    threading.Thread(target=work).start()


def watches_everything():
    sys.addaudithook(lambda *_: None)


def watches_garbage():
    gc.callbacks.append(lambda *_: None)


def raises_stopped():
    from benchmark.system.stopping import Stopped

    raise Stopped(signal.SIGTERM)


def crashes():
    ctypes.string_at(0)


ACTIONS = {name: value for name, value in globals().items() if type(value) is type(crashes)}
ACTIONS.pop("dataclass")
ACTIONS.pop("strategy")


@dataclass(frozen=True)
class Acting(CrossEntropy):
    """Cross-entropy that does something else before; in the training, not in the audit."""

    action: str = ""

    def __call__(self, logits, target, counts):
        """Return the loss of each image."""
        if logits.grad_fn is not None:
            ACTIONS[self.action]()
        return super().__call__(logits, target, counts)


@strategy(groups=("misbehaving",))
def acting(action: str = "") -> Strategy:
    """Acts in its loss. L = CE"""
    return Strategy((Stage(loss=Acting(action=action)),))
