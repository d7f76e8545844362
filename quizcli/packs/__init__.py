"""Packs: where banks come from, whose code may run, and what a person has made of them."""
