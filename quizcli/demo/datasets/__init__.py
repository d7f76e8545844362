"""Data sets: MNIST fetched and believed only by its checksums, synthetic digits where there is none."""
