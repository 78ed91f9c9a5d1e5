"""Pages of committees; each module adds its `routes`."""
