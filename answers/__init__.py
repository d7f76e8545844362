"""One module per concept: demonstrate() yields the events of a live demonstration."""
