"""`quizcli pack`: packs of the person's own."""
