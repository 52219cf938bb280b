"""What can go wrong, as a small tree on builtin exceptions."""

from __future__ import annotations


class NetplanError(Exception):
    """Base of every error netplan raises on purpose; its text is meant for the planner."""


class InputError(NetplanError, ValueError):
    """The region folder, the plan file or an argument is wrong (exit code 2)."""


class InfeasibleError(NetplanError, RuntimeError):
    """No plan keeps every rule, or none was found in the time given (exit code 1)."""


class AuditError(NetplanError, AssertionError):
    """The independent audit disagrees with the solver: a bug in netplan (exit code 3)."""


class SolverError(NetplanError, RuntimeError):
    """The solver is not installed or stopped without an answer."""
