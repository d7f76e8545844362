"""Mutants: small mistakes made in a model answer by rule, each of which must be refused."""
