"""quizcli: deep-learning interview questions in the terminal, with answers that run."""

__version__ = "0.1.0"
