"""Writes: they flush and never commit."""
