"""The data: sources of images, their pixels, and their splits."""
