"""Reads: frozen values, a bounded number of statements."""
