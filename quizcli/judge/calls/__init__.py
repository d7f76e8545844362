"""One call of an entry: its arguments, what it uses of PyTorch, what comes of it, and how that travels."""
