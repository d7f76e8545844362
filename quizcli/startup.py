"""What a start need not wait for: imported before all else.

Imports make no garbage worth looking for, so the collector rests (10 ms) until `quizcli.__main__` has the
command. And msgspec is imported without typing_extensions, which it looks for first (4 ms): since Python 3.11
`typing` has all that it takes from there, and it takes that where there is no such module. Whoever imports
typing_extensions later finds it.
"""

import gc
import sys

gc.disable()

if "typing_extensions" not in sys.modules:
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # an import of it fails
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]
