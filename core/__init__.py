"""The platform."""

import gc

# Importing it makes half a million objects that stay: looking among them for cycles every 700 was a quarter of each
# start (0.7 s of 2.9 s of processor), and pauses of 0.1 s later. Objects in cycles wait a little longer, that is all.
gc.set_threshold(50_000, 20, 20)
