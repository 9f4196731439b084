"""What a comparison costs, against what a practitioner would write: measured, not promised.

The reference loops are scripts outside of the package (tests/bench); they are started like the
harness itself, each a process of its own, and timed from outside. What they print, and what the
harness writes, is all that is known of them here.
"""
