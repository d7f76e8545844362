"""Texts that follow one another in a note: English puts a space between sentences, Chinese does not."""

from quizcli.demo.events import Words


def joined(*texts: Words) -> Words:
    """One text of several: `joined(says("penalties"), says("adam"))`."""
    return {"en": " ".join(text["en"] for text in texts), "zh": "".join(text["zh"] for text in texts)}
