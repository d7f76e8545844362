"""Question banks: their records, how they are read, and what is checked before one is shown."""
