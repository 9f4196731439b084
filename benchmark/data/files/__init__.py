"""Files on a disk: which are images, how they are named, how they are read."""
