"""Pieces of a table of minutes, in memory or in files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netplan.errors import InputError

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Floats = NDArray[np.float64]

_MAGIC = b"netplan minutes, form 1\n"
_HEADER = struct.Struct("<24sqq32s")
"""What it is, sources, pairs, SHA-256 of all that follows."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What was found from a run of sources: places and minutes, source after source.

    Attributes
    ----------
    counts, settled
        Pairs, and junctions settled, of each source, shape (sources,).
    place, minutes
        Of each pair, shape (pairs,).
    """

    counts: Ints
    settled: Ints
    place: Ints32
    minutes: Floats

    @property
    def num_bytes(self) -> int:
        """Memory of the pairs."""
        return self.place.nbytes + self.minutes.nbytes


@dataclass(frozen=True, slots=True)
class PieceFiles:
    """The pieces of one table as files of one folder."""

    folder: Path

    def write(self, number: int, piece: Piece) -> None:
        """Write a piece beside its place and move it there, so that a file of that name is a whole one.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        parts = [np.ascontiguousarray(part) for part in (piece.minutes, piece.counts, piece.settled, piece.place)]
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part.data)
        path = self._path(number)
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.write(_HEADER.pack(_MAGIC, len(piece.counts), len(piece.place), digest.digest()))
                for part in parts:
                    file.write(part.data)
            unfinished.replace(path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            raise InputError(
                f"{self.folder}: cannot keep minutes here ({error.strerror or error}); "
                "free some space, or name a folder that can be written"
            ) from None

    def read(self, number: int) -> Piece | None:
        """A piece as a memory map; None where there is none, or one that was cut off or damaged."""
        path = self._path(number)
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                header = file.read(_HEADER.size)
        except OSError:
            return None
        if len(header) < _HEADER.size:
            return None
        magic, sources, pairs, digest = _HEADER.unpack(header)
        if magic != _MAGIC or sources < 0 or pairs < 0 or size != _HEADER.size + 16 * sources + 12 * pairs:
            return None
        body = (
            np.memmap(path, dtype=np.uint8, mode="r", offset=_HEADER.size)
            if size > _HEADER.size
            else np.empty(0, np.uint8)
        )
        if hashlib.sha256(body.data).digest() != digest:
            return None
        return _unpacked(body, sources, pairs)

    def _path(self, number: int) -> Path:
        return self.folder / f"minutes-{number:06d}.bin"


def _unpacked(body: NDArray[np.uint8], sources: int, pairs: int) -> Piece:
    cuts = np.cumsum([8 * pairs, 8 * sources, 8 * sources])
    minutes, counts, settled, place = np.split(body, cuts)
    return Piece(counts.view(np.int64), settled.view(np.int64), place.view(np.int32), minutes.view(np.float64))


def half_of_memory() -> int:
    """Half of the machine's memory in bytes, or of what its control group is allowed."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        allowed = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        allowed = "max"
    return (min(total, int(allowed)) if allowed.isdigit() else total) // 2
