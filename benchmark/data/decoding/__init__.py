"""From the bytes of a file to pixels, or to the reason why there are none."""
