"""Pages of the trajectory, under /comites/orres/. Each subject has its file and its own `routes`."""
