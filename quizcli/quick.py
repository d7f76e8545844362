"""Imports msgspec without typing_extensions, which it looks for first: 4 ms of every start.

Since Python 3.11 `typing` has all that msgspec takes from there, and it takes that where there is no such
module. Whoever imports typing_extensions later finds it.
"""

import sys

if "typing_extensions" not in sys.modules:
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # an import of it fails
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]
