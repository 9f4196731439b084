"""Files on the disk: atomic writes, a bounded cache, sizes. Knows nothing of machine learning."""
