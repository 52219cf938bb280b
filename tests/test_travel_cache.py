"""Chunks, threads, memory and the cache change nothing in the minutes; what is kept is found again, what is damaged is redone."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_travel import random_roads, table

from netplan.errors import InputError
from netplan.policy import Travel
from netplan.travel import RoadNetwork, SparseMinutes, Work, minutes_between, search
from netplan.travel.many import ManyToMany, TripRules
from netplan.travel.store import Piece, PieceFiles, half_of_memory

TRAVEL = Travel(max_leg_metres=20_000)
NODES, EDGES = random_roads(6)
NETWORK = RoadNetwork.from_tables(NODES, EDGES)
RNG = np.random.default_rng(6)
ORIGINS = table("N", RNG.uniform(5, 5.5, 40), RNG.uniform(45, 45.5, 40), area_km2=RNG.uniform(0, 3, 40))
TARGETS = table("S", RNG.uniform(5, 5.5, 25), RNG.uniform(45, 45.5, 25))


def minutes(limit: float = 90, travel: Travel = TRAVEL, network: RoadNetwork = NETWORK, **work: Any) -> SparseMinutes:
    """The table of the random network."""
    return minutes_between(ORIGINS, TARGETS, network, travel, limit_minutes=limit, work=Work(**work))


def assert_same(found: SparseMinutes, answer: SparseMinutes) -> None:
    """Equal to the last bit."""
    assert found.shape == answer.shape
    for name in ("start", "target", "minutes"):
        np.testing.assert_array_equal(getattr(found, name), getattr(answer, name))


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sources each chunk had that was searched, not read."""
    counts: list[int] = []
    real = ManyToMany.search

    def counting(self: ManyToMany, chunk: Any, stop: Any) -> Piece:
        counts.append(len(chunk))
        return real(self, chunk, stop)

    monkeypatch.setattr(ManyToMany, "search", counting)
    return counts


@pytest.mark.parametrize("side", ["origins", "targets"])
@pytest.mark.parametrize("memory", [0, 400, None])
def test_chunks_threads_and_memory_make_no_difference(side: str, memory: int | None, tmp_path: Path) -> None:
    """Whatever the chunks, the threads and the memory allowed, the table is the same, on disk as in memory."""
    answer = minutes(search_from=side)
    assert len(answer.minutes) > 100
    for size, workers, cache in ((1, 1, None), (3, 2, tmp_path), (1000, 4, None)):
        found = minutes(search_from=side, sources_at_once=size, workers=workers, memory_bytes=memory, cache=cache)
        assert_same(found, answer)
        assert isinstance(found.minutes, np.memmap) == (memory is not None)
        assert not found.minutes.flags.writeable
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("netplan-")], "temporary folders are gone"


def test_what_is_kept_is_not_searched_again(tmp_path: Path, searched: list[int]) -> None:
    """The second time nothing is searched; another limit, speed or road is another question."""
    answer = minutes(cache=tmp_path, sources_at_once=4)
    first = len(searched)
    assert first == 7
    assert_same(minutes(cache=tmp_path, sources_at_once=4), answer)
    assert len(searched) == first
    faster = RoadNetwork.from_tables(NODES, EDGES.assign(minutes=EDGES["minutes"] * 0.999))
    others: tuple[dict[str, Any], ...] = (
        {"limit": 89},
        {"travel": TRAVEL.model_copy(update={"leg_speed_km_per_hour": 9})},
        {"network": faster},
    )
    for other in others:
        known = len(searched)
        assert_same(minutes(cache=tmp_path, sources_at_once=4, **other), minutes(sources_at_once=4, **other))
        assert len(searched) == known + 2 * first


def test_a_new_version_of_the_search_is_another_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key changes with the version of the algorithm."""
    minutes(cache=tmp_path)
    monkeypatch.setattr("netplan.travel.many.VERSION", search.VERSION + 1)
    minutes(cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", ["cut", "emptied", "flipped", "lengthened", "renamed", "other header"])
def test_damaged_pieces_are_redone(damage: str, tmp_path: Path, searched: list[int]) -> None:
    """A piece that was cut off, emptied, changed in one bit, lengthened or put in another's place is searched again."""
    answer = minutes(cache=tmp_path, sources_at_once=4)
    first = len(searched)
    paths = sorted(tmp_path.rglob("*.bin"))
    whole = paths[2].read_bytes()
    if damage == "renamed":
        paths[2].write_bytes(paths[-1].read_bytes())
        assert len(paths[-1].read_bytes()) != len(whole)
    else:
        changed = {
            "cut": whole[:-5],
            "emptied": b"",
            "flipped": whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
            "lengthened": whole + b"\0",
            "other header": b"something else" + whole[14:],
        }
        paths[2].write_bytes(changed[damage])
    assert_same(minutes(cache=tmp_path, sources_at_once=4), answer)
    assert len(searched) == first + 1
    assert paths[2].read_bytes() == whole


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path, searched: list[int]) -> None:
    """Interrupted after three chunks, the next run searches only the others, and the table is that of a run that was not."""
    answer = minutes(sources_at_once=2, workers=1)
    total = len(searched)

    def interrupt(_: str, share: float) -> None:
        if share >= 3 / total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minutes(cache=tmp_path, sources_at_once=2, workers=1, progress=interrupt)
    kept = len(list(tmp_path.rglob("*.bin")))
    assert 3 <= kept < total
    searched.clear()
    assert_same(minutes(cache=tmp_path, sources_at_once=2, workers=1), answer)
    assert len(searched) == total - kept


def test_interruption_ends_a_long_search_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches that would take minutes end at their next source once the run is interrupted."""
    started = threading.Event()
    real = ManyToMany.search

    def long_search(self: ManyToMany, chunk: Any, stop: Any) -> Piece:
        started.set()
        return real(self, np.ascontiguousarray(np.repeat(chunk, 2_000_000)), stop)

    minutes(sources_at_once=1)
    monkeypatch.setattr(ManyToMany, "search", long_search)
    nodes, edges = random_roads(6, junctions=400, roads=900)
    many = pd.DataFrame({"lon": RNG.uniform(5, 5.5, 3), "lat": RNG.uniform(45, 45.5, 3)})
    network = RoadNetwork.from_tables(nodes, edges)
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        import signal  # noqa: PLC0415

        started.wait(20)
        time.sleep(0.3)
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        minutes_between(many, many, network, TRAVEL, limit_minutes=1e5, work=Work(sources_at_once=1, workers=1))
    assert time.perf_counter() - begin < 5


def test_progress_counts_up_to_one() -> None:
    """Progress is told after each chunk and ends at 1."""
    told: list[tuple[str, float]] = []
    minutes(sources_at_once=5, progress=lambda what, share: told.append((what, share)))
    assert [share for _, share in told] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert {what for what, _ in told} == {"minutes"}


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file in place of the folder is an input error that names it."""
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="ascii")
    with pytest.raises(InputError, match=r"file.*name another folder"):
        minutes(cache=blocked)
    nothing = np.empty(0)
    piece = Piece(nothing.astype(int), nothing.astype(int), nothing.astype("i4"), nothing)
    with pytest.raises(InputError, match="cannot keep minutes here"):
        PieceFiles(blocked).write(0, piece)


def test_the_key_depends_on_content_not_on_names() -> None:
    """Renamed nodes and junctions are the same question."""
    renamed = NODES.assign(road_node_id="x" + NODES["road_node_id"])
    edges = EDGES.assign(from_id="x" + EDGES["from_id"], to_id="x" + EDGES["to_id"])
    assert key_of(RoadNetwork.from_tables(renamed, edges)) == key_of(NETWORK)
    assert key_of(RoadNetwork.from_tables(NODES.assign(lon=NODES["lon"] + 1e-7), EDGES)) != key_of(NETWORK)


def key_of(network: RoadNetwork) -> str:
    """Key of the random question on a network."""
    from netplan.travel.graph import SearchGraph  # noqa: PLC0415
    from netplan.travel.places import places_of  # noqa: PLC0415

    graph = SearchGraph.of(network)
    origins, targets = (places_of(points, TRAVEL, network, graph) for points in (ORIGINS, TARGETS))
    return ManyToMany.of(origins, targets, graph, TripRules.of(TRAVEL, 60)).key


def test_half_of_memory_is_a_plausible_number() -> None:
    """Between 64 MB and 64 TB."""
    assert 1 << 26 < half_of_memory() < 1 << 46
