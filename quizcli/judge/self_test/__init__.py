"""Judges judged: the starter fails, the model answer passes, every mutant is refused."""
