"""The weights that come with the package; README.md in this folder says how they were made."""
