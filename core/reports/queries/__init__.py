"""Reading for reports: counts in a few grouped statements, never a row per reference."""
