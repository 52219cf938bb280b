"""Exit codes, and how an error becomes one: a message on stderr, never a traceback for something the planner did."""

from __future__ import annotations

import enum
import functools
import os
import sys
from collections.abc import Callable
from typing import NoReturn, ParamSpec, TypeVar

import typer

from netplan.errors import AuditError, InfeasibleError, InputError, NetplanError, SolverError

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class ExitCode(enum.IntEnum):
    """What a script can rely on."""

    DONE = 0
    NO_PLAN = 1
    BAD_INPUT = 2
    AUDIT_DISAGREES = 3
    INTERRUPTED = 130


EXIT_CODES = (
    "Exit codes: 0 done, also when cut short (the status says why); 1 no plan (infeasible, or none found in the time given); "
    "2 bad input or arguments; 3 the audit disagrees with the solver (a bug: please report it); "
    "130 interrupted before there was a plan."
)

_CODE_OF: dict[type[NetplanError], ExitCode] = {
    InputError: ExitCode.BAD_INPUT,
    SolverError: ExitCode.NO_PLAN,
    InfeasibleError: ExitCode.NO_PLAN,
    AuditError: ExitCode.AUDIT_DISAGREES,
}


def stop(message: str, code: ExitCode) -> NoReturn:
    """End the command with a message on stderr."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


def leave_at_once(code: ExitCode) -> NoReturn:
    """End the process without waiting for threads: HiGHS, still at work in one of them, would abort it and change its exit code."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def with_exit_codes(command: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Turn the errors netplan raises on purpose, Ctrl-C, and files that cannot be read or written into exit codes."""

    @functools.wraps(command)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        try:
            return command(*args, **kwargs)
        except NetplanError as error:
            code = next((code for kind, code in _CODE_OF.items() if isinstance(error, kind)), ExitCode.BAD_INPUT)
            stop(f"netplan: {error}", code)
        except KeyboardInterrupt:
            stop("netplan: interrupted; nothing was written", ExitCode.INTERRUPTED)
        except BrokenPipeError:
            raise  # whoever read our output has left: typer ends quietly
        except OSError as error:
            stop(f"netplan: {error}", ExitCode.BAD_INPUT)

    return guarded
