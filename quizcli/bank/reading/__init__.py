"""One bank, from its bytes to its records: the type of every field, and every mistake in it."""
