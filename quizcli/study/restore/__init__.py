"""A backup put back: what it would bring and cost, and the way back."""
