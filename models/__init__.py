"""Plain PyTorch models, each readable on its own."""
