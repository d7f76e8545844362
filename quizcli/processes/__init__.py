"""Child processes: how they start and end, what passes through their pipes, what they import."""
