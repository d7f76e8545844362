"""A demonstration on the screen: its state, its panels, whole frames, and plain lines where none are."""
