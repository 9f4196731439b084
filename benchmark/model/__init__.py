"""InceptionV3 as prefix, suffix and head, and where its weights come from."""
