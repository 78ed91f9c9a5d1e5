"""FICESL: who is trained, where the holes are, how many hours it took."""
