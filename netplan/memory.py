"""Memory that was let go, given back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Hand memory that the process no longer uses back to the system, where the C library keeps it.

    glibc keeps what each thread frees for that thread; after a few hundred linear programs in threads that is hundreds of
    megabytes that nobody else can use. Elsewhere nothing is done.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
