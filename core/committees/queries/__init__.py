"""Reads of committees."""
