"""Pages of training, under /comites/ficesl/. Each subject has its file and its own `routes`."""
