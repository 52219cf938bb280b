"""Every combination of formats and relocations that the tables allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brute.instance import Instance

MOST = 400_000


@dataclass(frozen=True)
class States:
    """M states: the format of each site (-1: none), and the candidate that each outlet moves to (-1: none)."""

    format: np.ndarray
    target: np.ndarray
    present: np.ndarray

    def __len__(self) -> int:
        return len(self.format)

    @property
    def is_open(self) -> np.ndarray:
        """(M, S)."""
        return self.format >= 0

    @property
    def is_moved(self) -> np.ndarray:
        """Outlets that relocate, by site, (M, S)."""
        moved = np.zeros(self.format.shape, dtype=bool)
        moved[:, : self.target.shape[1]] = self.target >= 0
        return moved

    @property
    def is_arrived(self) -> np.ndarray:
        """Candidates that an outlet moves into, (M, S)."""
        arrived = np.zeros(self.format.shape, dtype=bool)
        for k in range(self.target.shape[1]):
            rows = np.flatnonzero(self.target[:, k] >= 0)
            arrived[rows, self.target[rows, k]] = True
        return arrived

    @property
    def is_closed(self) -> np.ndarray:
        """Outlets that neither operate nor relocate, (M, S)."""
        return (self.present >= 0) & ~self.is_open & ~self.is_moved

    @property
    def is_converted(self) -> np.ndarray:
        """Outlets in another format, (M, S)."""
        return (self.present >= 0) & self.is_open & (self.format != self.present)

    def flag(self, of_format: np.ndarray) -> np.ndarray:
        """Whether each site operates in a flagged format, (M, S)."""
        return np.append(np.asarray(of_format, dtype=bool), False)[self.format]

    def amount(self, of_format: np.ndarray) -> np.ndarray:
        """A number of the format that each site operates in, 0 where it does not, (M, S)."""
        return np.append(np.asarray(of_format, dtype=float), 0.0)[self.format]


def every_state(instance: Instance) -> States:
    """All states that keep the relocation links: what moves in operates there, alone, in the format it had."""
    choices = [_outlet_choices(instance, k) for k in range(instance.num_outlets)]
    choices += [
        [(-1, -1), *((instance.formats.index(name), -1) for name in names)]
        for names in instance.region.candidates["formats"]
    ]
    number = int(np.prod([len(choice) for choice in choices]))
    assert number <= MOST, f"{number:,} combinations are too many to enumerate"
    index = np.indices([len(choice) for choice in choices], dtype=np.int16).reshape(len(choices), -1)
    formats = np.stack(
        [np.array([f for f, _ in choice], dtype=np.int16)[i] for choice, i in zip(choices, index, strict=True)], 1
    )
    outlets = list(zip(choices, index, strict=True))[: instance.num_outlets]
    targets = np.stack([np.array([s for _, s in choice], dtype=np.int16)[i] for choice, i in outlets], 1)
    valid = _links_hold(instance, formats, targets)
    return States(formats[valid], targets[valid], instance.present_of_site)


def _outlet_choices(instance: Instance, k: int) -> list[tuple[int, int]]:
    """Format after and target: close, keep, convert, relocate."""
    now = instance.present[k]
    stays = [(-1, -1), (now, -1), *((new, -1) for old, new in instance.conversions if old == now)]
    if np.isnan(instance.of_format("relocation_cost")[now]):
        return stays
    for place, names in enumerate(instance.region.candidates["formats"]):
        s = instance.num_outlets + place
        if instance.formats[now] in names and instance.between[k, s] <= instance.policy.policy.relocation_minutes:
            stays.append((-1, s))
    return stays


def _links_hold(instance: Instance, formats: np.ndarray, targets: np.ndarray) -> np.ndarray:
    valid = np.ones(len(formats), dtype=bool)
    for k in range(targets.shape[1]):
        moves = np.flatnonzero(targets[:, k] >= 0)
        valid[moves] &= formats[moves, targets[moves, k]] == instance.present[k]
        for other in range(k):
            valid &= (targets[:, k] < 0) | (targets[:, k] != targets[:, other])
    return valid
