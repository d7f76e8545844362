"""What is well written YAML and still not fit to be shown to a person."""
