"""Functions that numba compiles: typed for the reader, kept on disk where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled(function: _F) -> _F:
    """Compile a function at its first call, to run without the interpreter's lock.

    The machine code is kept beside the module or in the user's cache folder. Where neither can be written (a
    read-only installation) it is compiled anew in each process, a few seconds.
    """
    try:
        return cast(_F, numba.njit(function, cache=True, nogil=True, error_model="numpy"))
    except RuntimeError:  # "cannot cache function: no locator available"
        return cast(_F, numba.njit(function, nogil=True, error_model="numpy"))


def compiled_inside(function: _F) -> _F:
    """Compile a function that only other compiled ones call: without what Python would need to call it, in half the time."""
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
    }
    try:
        return cast(_F, numba.njit(function, cache=True, **options))
    except RuntimeError:
        return cast(_F, numba.njit(function, **options))


@compiled
def doubled(array: NDArray[Any]) -> NDArray[Any]:
    """The array at the beginning of one twice as long; what follows means nothing yet."""
    longer = np.empty(2 * len(array), dtype=array.dtype)
    longer[: len(array)] = array
    return longer
