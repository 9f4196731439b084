"""The page and the files of a label audit."""
