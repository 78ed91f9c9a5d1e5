"""Reads of the fund: frozen values out."""
