"""YAML text as values that know their place, and what is wrong with it in words that help."""
