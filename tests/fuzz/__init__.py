"""Random input by seed: keys, command lines, banks, stores, packs, and what candidates answer.

    python -m tests.fuzz [KIND ...] [--count N] [--seed S]

Each seed is one input, made afresh; what went wrong with it comes again with the same kind and seed.
"""
