"""What flows is frozen, and stays so in a copy or a pickle."""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import Any

import numpy as np


class Frozen:
    """Base of frozen dataclasses that can be copied and pickled: their arrays are read-only in the copy too.

    numpy forgets on the way that an array is read-only, and Python refuses to take a read-only mapping along.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """The class and the values of its fields."""
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        return _restored, (type(self), *(dict(one) if isinstance(one, MappingProxyType) else one for one in values))


def _restored(kind: type[Any], *values: Any) -> Any:
    for value in values:
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return kind(*(MappingProxyType(value) if isinstance(value, dict) else value for value in values))
