"""Writes of the fund: flush, never commit."""
