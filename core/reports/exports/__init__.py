"""A report as files: CSV, XLSX, PDF, and all of them in one ZIP. The same report gives the same bytes."""
