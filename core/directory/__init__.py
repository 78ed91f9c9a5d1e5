"""The directory: organisations, services, territories, capacity and search (network rules §1, §2, §6)."""
