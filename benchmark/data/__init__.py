"""Where images come from, how they become pixels, and which side of the split they are on."""
