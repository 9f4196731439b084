"""Which classes of a model are not to be trusted, by the recall of their test images."""

from benchmark.inference.model_info import ClassInfo
from benchmark.report.render.formats import format_share
from benchmark.system.text import pluralize

HALF = 0.5  # a class of which fewer are found is mostly missed


def doubt(each: ClassInfo) -> str:
    """Return why a class is not to be trusted; '' if more than half of its images are found.

    What the interval of the recall excludes is said as a fact, the rest as not known.
    """
    if not each.test_images:
        return "not known: no test image"
    if not each.predicted:
        return "no: never predicted"
    low, high = each.recall.low, each.recall.high
    if low is None or high is None or low > HALF:
        return ""
    images = pluralize(each.test_images, "test image", "test images")
    if high < HALF:
        return f"no: at most {format_share(high, 2)} are found"
    return f"not known: {format_share(low, 2)} to {format_share(high, 2)} by {images}"
