"""Pieces found source by source, put together as one table of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled
from netplan.errors import InputError
from netplan.travel.minutes import SparseMinutes
from netplan.travel.store import Piece

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Floats = NDArray[np.float64]

_PAIR_BYTES = 16
_SHARE_OF_TABLE = 0.6
_SHARE_OF_BLOCK = 0.25


def row_by_row(
    pieces: Sequence[Piece],
    order: Ints,
    shape: tuple[int, int],
    *,
    is_by_target: bool,
    memory_bytes: int,
    scratch: Path,
    workers: int = 1,
) -> SparseMinutes:
    """The table of pieces whose sources, in the given order, are its columns (`is_by_target`) or its rows.

    A table that outgrows the memory allowed is built in blocks of rows and left in a file of `scratch`, read as a
    memory map: the file may then be deleted, its content lasts as long as the table.

    Raises
    ------
    InputError
        The folder for temporary files is full.
    """
    runs = _Runs(pieces, order)
    start = np.zeros(shape[0] + 1, dtype=np.int64)
    np.cumsum(_row_lengths(pieces, order, shape[0], is_by_target=is_by_target), out=start[1:])
    needed = _PAIR_BYTES * int(start[-1])
    if needed <= _SHARE_OF_TABLE * memory_bytes:
        target, minutes = np.empty(start[-1], dtype=np.int64), np.empty(start[-1])
        _fill_all(runs, start, (target, minutes), is_by_target=is_by_target, workers=workers)
    else:
        target, minutes = _filled_on_disk(runs, start, memory_bytes, scratch, is_by_target=is_by_target)
    for array in (start, target, minutes):
        array.setflags(write=False)
    return SparseMinutes(shape, start, target, minutes)


class _Runs:
    """Where the pairs of each source lie in the pieces."""

    def __init__(self, pieces: Sequence[Piece], order: Ints) -> None:
        self._pieces = pieces
        lengths = [piece.counts for piece in pieces]
        sizes = np.array([len(part) for part in lengths], dtype=np.int64)
        self._piece = np.repeat(np.arange(len(pieces)), sizes)
        self._end = np.concatenate([np.cumsum(part) for part in lengths]) if lengths else np.empty(0, dtype=np.int64)
        self._length = np.concatenate(lengths) if lengths else np.empty(0, dtype=np.int64)
        self._ascending = np.argsort(order, kind="stable")
        self._sources = order[self._ascending]

    def between(self, first: int, last: int) -> Iterator[tuple[int, Ints32, Floats]]:
        """Sources first to last (excluded), ascending, with their places and minutes."""
        begin, end = np.searchsorted(self._sources, [first, last])
        for source, at in zip(self._sources[begin:end].tolist(), self._ascending[begin:end].tolist(), strict=True):
            piece, stop = self._pieces[self._piece[at]], self._end[at]
            run = slice(stop - self._length[at], stop)
            yield source, piece.place[run], piece.minutes[run]

    def all(self) -> Iterator[tuple[int, Ints32, Floats]]:
        """Every source."""
        return self.between(0, int(self._sources[-1]) + 1 if len(self._sources) else 0)


def _row_lengths(pieces: Sequence[Piece], order: Ints, rows: int, *, is_by_target: bool) -> Ints:
    lengths = np.zeros(rows, dtype=np.int64)
    if is_by_target:
        for piece in pieces:
            lengths += np.bincount(piece.place, minlength=rows)
    elif len(pieces):
        lengths[order] = np.concatenate([piece.counts for piece in pieces])
    return lengths


def _fill_all(runs: _Runs, start: Ints, out: tuple[Ints, Floats], *, is_by_target: bool, workers: int) -> None:
    """Write all rows, each thread a run of them."""
    pairs = -(-int(start[-1]) // workers)
    with ThreadPoolExecutor(workers) as pool:
        filling = []
        for rows in _blocks(start, max(1, pairs)):
            part = slice(start[rows[0]], start[rows[1]])
            parts = out[0][part], out[1][part]
            filling.append(pool.submit(_fill, runs, start, rows, parts, is_by_target=is_by_target))
        for done in filling:
            done.result()


def _fill(runs: _Runs, start: Ints, rows: tuple[int, int], out: tuple[Ints, Floats], *, is_by_target: bool) -> None:
    """Write the pairs of some rows; `out` begins with the first of them."""
    target, minutes = out
    first, last = rows
    if is_by_target:
        free = start[first:last] - start[first]
        for source, place, found in runs.all():
            _scatter(place, found, source, first, (free, target, minutes))
        return
    for source, place, found in runs.between(first, last):
        at = start[source] - start[first]
        target[at : at + len(place)] = place
        minutes[at : at + len(place)] = found


@compiled
def _scatter(place: Ints32, found: Floats, source: int, first: int, out: tuple[Ints, Ints, Floats]) -> None:
    """Append one source to the rows of its places; rows before the first or after the last asked for are left alone."""
    free, target, minutes = out
    for at in range(len(place)):
        row = place[at] - first
        if 0 <= row < len(free):
            target[free[row]] = source
            minutes[free[row]] = found[at]
            free[row] += 1


def _filled_on_disk(
    runs: _Runs, start: Ints, memory_bytes: int, scratch: Path, *, is_by_target: bool
) -> tuple[Ints, Floats]:
    """Target and minutes as memory maps of files that are written block by block."""
    paths = scratch / "target.bin", scratch / "minutes.bin"
    try:
        with paths[0].open("wb") as targets, paths[1].open("wb") as all_minutes:
            for first, last in _blocks(start, int(_SHARE_OF_BLOCK * memory_bytes) // _PAIR_BYTES):
                size = start[last] - start[first]
                target, minutes = np.empty(size, dtype=np.int64), np.empty(size)
                _fill(runs, start, (first, last), (target, minutes), is_by_target=is_by_target)
                targets.write(target.data)
                all_minutes.write(minutes.data)
    except OSError as error:
        raise InputError(
            f"{scratch.parent}: cannot keep the table of minutes here ({error.strerror or error}); free some space, name "
            "a cache folder on a larger disk, or allow more memory"
        ) from None
    return np.memmap(paths[0], dtype=np.int64, mode="r"), np.memmap(paths[1], dtype=np.float64, mode="r")


def _blocks(start: Ints, pairs: int) -> Iterator[tuple[int, int]]:
    """Runs of rows of at most so many pairs, or of one row."""
    first, rows = 0, len(start) - 1
    while first < rows:
        last = int(np.searchsorted(start, start[first] + pairs, side="right")) - 1
        last = min(rows, max(first + 1, last))
        yield first, last
        first = last
