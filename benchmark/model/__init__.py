"""The pretrained network: its blocks, where it is cut, and where its weights come from."""
