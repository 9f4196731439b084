"""What takes seconds when it is first used, begun in a thread while other processes decode images.

A GPU's context and libraries take 5 s (H200), torch's optimizers and the libraries of the report
one each. Beside a training nothing would be gained: an import and the launching of kernels take
turns (4.3 s one after the other, 5.2 s at once).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Thread

import torch
from torch.nn import functional

from benchmark.system.device import Device
from benchmark.system.progress import Advance

OF_THE_REPORT = ("seaborn", "jinja2")  # these bring pandas, matplotlib and SciPy


@contextmanager
def begun_meanwhile(device: Device, advance: Advance) -> Iterator[Advance]:
    """Give `advance` back, whose first call begins to use `device` and to import libraries.

    That is when the first images are decoded, by other processes: this one waits. Where networks
    are trained on the CPU all cores are at work, so nothing is begun. It is waited for at the end,
    since code of a strategy, which comes later, must not run beside it. Errors are left to who uses
    the GPU or a library next: it meets them in its own words.
    """
    thread = Thread(target=_use, args=(device,), name="first use")

    def begin(number: int) -> None:
        if thread.ident is None and device.type == "cuda" and device.is_here:
            thread.start()
        advance(number)

    try:
        yield begin
    finally:
        if thread.ident is not None:
            thread.join()


def _use(device: Device) -> None:
    if len(device.gpus) <= 1:  # on several, other processes train: this one would take memory
        with suppress(Exception):
            use(device)
    for library in OF_THE_REPORT:
        with suppress(Exception):
            import_module(library)


def use(device: Device) -> None:
    """Let a device compute what networks are made of, forward and backward, in its precision."""
    on, dtype = device.torch_device, device.dtype
    x = torch.zeros(8, 64, 17, 17, dtype=dtype, device=on).to(memory_format=torch.channels_last)
    weights = torch.zeros(64, 64, 3, 3, device=on, requires_grad=True)
    half = dtype == torch.bfloat16
    with torch.autocast(on.type, torch.bfloat16, enabled=half, cache_enabled=False):
        x = functional.conv2d(x, weights, padding=1)
        x = functional.relu(functional.batch_norm(x, None, None, training=True))
    features = functional.avg_pool2d(x, 17).flatten(1).float()  # (8, 64, 1, 1) -> (8, 64)
    labels = torch.zeros(8, dtype=torch.int64, device=on)
    functional.cross_entropy(features @ weights[:, :, 0, 0], labels).backward()
    torch.optim.Adam([weights], fused=True).step()
    if on.type == "cuda":
        torch.cuda.synchronize(on)
