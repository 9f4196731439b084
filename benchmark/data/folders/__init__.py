"""Folders of images: which of them are classes."""
