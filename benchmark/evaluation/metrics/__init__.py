"""Numbers about predictions, always over the fixed list of C classes; `registry` holds them all."""
