"""Images that are there twice: byte for byte, or resized, re-encoded and the like."""
