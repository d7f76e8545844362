"""Judges judged: small mistakes are made in a model answer by rule, and each must be refused."""
