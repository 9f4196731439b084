"""How often a class would be recognised if it had more images: arrays in, numbers out."""
