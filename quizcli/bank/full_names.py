"""Names of questions and demonstrations with that of their pack before them: `mine/id`."""


def full_name(pack: str, name: str) -> str:
    """The full name of a question or a demonstration of an added pack."""
    return f"{pack}/{name}"


def split_name(name: str) -> tuple[str, str]:
    """The pack, "" for that of the program, and the name in it."""
    pack, _, rest = name.rpartition("/")
    return pack, rest
