"""Writes of committees."""
