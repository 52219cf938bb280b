"""Solving: from a problem to a result with a proven gap."""

from netplan.solve.progress import Progress as Progress
from netplan.solve.solve import solve as solve
