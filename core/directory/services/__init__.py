"""Writes of the directory."""

from core.directory.services.importing import ImportReport, import_region
from core.directory.services.reading import RowError
from core.directory.services.seeding import create_missing_keys, seed_network

__all__ = ["ImportReport", "RowError", "create_missing_keys", "import_region", "seed_network"]
