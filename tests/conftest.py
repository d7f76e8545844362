"""Settings of the whole suite."""

import os

# As in the worker: threads that spin for long while they wait take the cores from each other, and tiny matrix
# products on two busy cores then cost twenty times as much. Must be set before torch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the same sums on every machine

# A parallel run of pytest imports readline, which puts the size of its own terminal there for every child.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)
