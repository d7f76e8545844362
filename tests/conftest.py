"""Settings of the whole suite."""

import os

# As in the worker: threads that spin while they wait take the cores from each other, and tiny matrix products
# on two busy cores then cost twenty times as much. Must be set before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
