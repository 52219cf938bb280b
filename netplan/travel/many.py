"""Many-to-many minutes on roads: searched in chunks on all cores, kept on disk if asked, put together row by row."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.policy import Travel
from netplan.travel.graph import SearchGraph
from netplan.travel.minutes import SparseMinutes
from netplan.travel.places import Places, hung, index_of
from netplan.travel.rows import row_by_row
from netplan.travel.search import VERSION, Question, Rules, search_many
from netplan.travel.store import Piece, PieceFiles, half_of_memory

Ints = NDArray[np.int64]
Progress = Callable[[str, float], None]

_PAIRS_AT_ONCE = 1 << 23
"""Sources of a chunk x places at most: 100 MB where every place is within the cut-off."""
_SOURCES_AT_ONCE = 256
_NO_LIMIT_MINUTES = 1e12
_SHARE_OF_PIECES = 0.4
"""Of the memory allowed, what pieces may hold before they go to disk; the table takes 16 bytes where they take 12."""


@dataclass(frozen=True, slots=True)
class Work:
    """How minutes are computed; nothing here changes the answer.

    Attributes
    ----------
    cache
        Folder in which pieces are kept by the SHA-256 of all that goes in, so that the same question is not searched
        twice and an interrupted run goes on where it stopped. It may be deleted at any time. None: nothing is kept.
    progress
        Called with what is done and the share done, 0 to 1.
    memory_bytes
        What pieces and table may hold in memory; beyond it they are files, read as memory maps. None: half of the machine's.
    workers
        Threads; None: one for each core this process may use.
    search_from
        Search from the origins forwards, from the targets backwards, or from whichever are fewer.
    sources_at_once
        Sources of a chunk; None: 256, fewer where there are very many places.
    """

    cache: Path | None = None
    progress: Progress | None = None
    memory_bytes: int | None = None
    workers: int | None = None
    search_from: Literal["fewer", "origins", "targets"] = "fewer"
    sources_at_once: int | None = None

    def named(self, what: str) -> Work:
        """The same, its progress told under this name."""
        tell = self.progress
        return self if tell is None else replace(self, progress=lambda _, share: tell(what, share))

    @property
    def allowed_bytes(self) -> int:
        """The memory allowed."""
        return half_of_memory() if self.memory_bytes is None else self.memory_bytes

    @property
    def num_workers(self) -> int:
        """The threads to use."""
        return max(1, self.workers or len(os.sched_getaffinity(0)))


@dataclass(frozen=True, slots=True)
class TripRules:
    """The cut-off of a table, what every trip costs once, and minutes per kilometre off the road."""

    limit_minutes: float
    trip_minutes: float
    leg_minutes_per_km: float

    @classmethod
    def of(cls, travel: Travel, limit_minutes: float) -> TripRules:
        """As the plan file has them."""
        return cls(limit_minutes, travel.trip_minutes, travel.leg_minutes_per_km)


@dataclass(frozen=True, slots=True, eq=False)
class ManyToMany:
    """A question made ready: which places to search from, in which direction, and what to look for.

    Attributes
    ----------
    is_backwards
        Searched from the targets.
    question
        As `netplan.travel.search` takes it.
    order
        Sources that are on the network, neighbours side by side.
    sources_at_once
        Sources of a chunk.
    """

    is_backwards: bool
    question: Question
    order: Ints
    sources_at_once: int

    @classmethod
    def of(
        cls, origins: Places, targets: Places, graph: SearchGraph, rules: TripRules, work: Work | None = None
    ) -> ManyToMany:
        """Decide the side to search from, and lay out the places for it."""
        work = work or Work()
        backwards = work.search_from == "targets" or (work.search_from == "fewer" and len(targets) <= len(origins))
        from_, to = (targets, origins) if backwards else (origins, targets)
        sources, places = (hung(side, graph, backwards=backwards) for side in (from_, to))
        directed = graph.backwards if backwards else graph.forwards
        on_road = np.flatnonzero(sources.road >= 0)
        order = on_road[np.argsort(sources.first[on_road], kind="stable")]
        limit = min(rules.limit_minutes, _NO_LIMIT_MINUTES)
        search_rules = Rules(limit, rules.trip_minutes, rules.leg_minutes_per_km, not backwards)
        index = index_of(places, len(graph.number), len(graph.roads.edge))
        question = Question(directed, sources, places, index, search_rules)
        fitting = max(1, min(_SOURCES_AT_ONCE, _PAIRS_AT_ONCE // max(1, len(to))))
        return cls(backwards, question, order, work.sources_at_once or fitting)

    @property
    def key(self) -> str:
        """SHA-256 of everything the minutes depend on, and of how they are cut into pieces."""
        graph, sources, places, _, rules = self.question
        digest = hashlib.sha256(repr((VERSION, self.is_backwards, tuple(rules), self.sources_at_once)).encode())
        for part in (graph.start, graph.head, graph.minutes, *sources, *places, self.order):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()

    @property
    def chunks(self) -> list[Ints]:
        """The sources of each chunk."""
        return [self.order[at : at + self.sources_at_once] for at in range(0, len(self.order), self.sources_at_once)]

    def search(self, chunk: Ints, stop: NDArray[np.uint8]) -> Piece:
        """Search from the sources of one chunk."""
        counts, place, minutes, settled = search_many(self.question, chunk, stop)
        return Piece(counts, settled, place, minutes)

    def pieces(self, work: Work, scratch: Path) -> list[Piece]:
        """All pieces: from the cache where it has them, else searched. Beyond the memory allowed they stay on disk.

        An interruption (Ctrl-C) ends the searches under way at their next source; finished pieces stay in the cache.
        """
        chunks = self.chunks
        files = PieceFiles(scratch if work.cache is None else work.cache / self.key[:40])
        pieces, held = [], 0
        with closing(_in_order(self, chunks, files, work)) as found:
            for number, piece in enumerate(found):
                held += piece.num_bytes
                is_too_much = held > _SHARE_OF_PIECES * work.allowed_bytes
                pieces.append(_on_disk(piece, number, files) if is_too_much else piece)
                if work.progress is not None:
                    work.progress("minutes by road", (number + 1) / len(chunks))
        return pieces


def road_minutes(
    origins: Places, targets: Places, graph: SearchGraph, rules: TripRules, work: Work | None = None
) -> SparseMinutes:
    """Minutes by road of all pairs within a limit; the formula is in docs/model.md, "Minutes".

    Returns
    -------
    SparseMinutes
        Shape (origins, targets). Its arrays are memory maps where they outgrow the memory allowed.

    Raises
    ------
    InputError
        The cache folder, or that for temporary files, cannot be written.
    """
    work = work or Work()
    if work.cache is not None:
        _make_folder(work.cache)
    asked = ManyToMany.of(origins, targets, graph, rules, work)
    with tempfile.TemporaryDirectory(prefix="netplan-", dir=work.cache) as scratch:
        pieces = asked.pieces(work, Path(scratch))
        return row_by_row(
            pieces,
            asked.order,
            (len(origins), len(targets)),
            is_by_target=asked.is_backwards,
            memory_bytes=work.allowed_bytes,
            scratch=Path(scratch),
            workers=work.num_workers,
        )


def _make_folder(cache: Path) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{cache}: cannot keep minutes here ({error.strerror or error}); name another folder"
        ) from None


def _on_disk(piece: Piece, number: int, files: PieceFiles) -> Piece:
    """The same piece as a memory map."""
    if isinstance(piece.minutes, np.memmap):
        return piece
    kept = files.read(number)
    if kept is None:
        files.write(number, piece)
        kept = files.read(number)
    return piece if kept is None else kept


def _in_order(asked: ManyToMany, chunks: Sequence[Ints], files: PieceFiles, work: Work) -> Generator[Piece]:
    """The pieces one after the other while the next ones are being searched."""
    stop = np.zeros(1, dtype=np.uint8)
    cache = files if work.cache is not None else None
    with ThreadPoolExecutor(work.num_workers, thread_name_prefix="minutes") as pool:
        waiting: deque[Future[Piece]] = deque()
        try:
            for number, chunk in enumerate(chunks):
                waiting.append(pool.submit(_piece_of, asked, number, chunk, cache, stop))
                if len(waiting) > 2 * work.num_workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            stop[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)


def _piece_of(asked: ManyToMany, number: int, chunk: Ints, cache: PieceFiles | None, stop: NDArray[np.uint8]) -> Piece:
    """The piece of one chunk: from the cache where it has it, else searched, and kept unless the search was stopped."""
    known = cache.read(number) if cache is not None else None
    if known is not None and len(known.counts) == len(chunk):
        return known
    piece = asked.search(chunk, stop)
    if cache is not None and not stop[0]:
        cache.write(number, piece)
    return piece
