"""One thread for small networks: a second gains little, and where others compute too it is waited for."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute in a single thread inside, as before afterwards.

    On two cores of which another process kept one busy, 60 steps of two small U-Nets took 16 s with two
    threads and 3 s with one.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
