"""Files on the disk: atomic writes, a bounded cache, sizes. Nothing of machine learning."""
