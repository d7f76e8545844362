"""quizcli: deep-learning interview questions in the terminal, where every answer runs."""

__version__ = "0.1.0"
