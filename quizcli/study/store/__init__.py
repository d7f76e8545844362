"""The store: the log of what a person did, the cards derived from it, and how neither is lost."""
