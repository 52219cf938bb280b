"""Files appear together or not at all, as far as a file system allows.

They are written into a staging folder ``.NAME.partial-...`` beside the output folder (inside it, where the folder is a mount
of its own or its parent cannot be written), flushed to disk, and moved in one by one, ``plan.json`` last. A run
that fails, even while moving, leaves the earlier files as they were. A run that is killed while moving (some
milliseconds) may leave new files beside the old ``plan.json``; it records the SHA-256 of its companions, so
`changed_outputs` and any reader can tell. Staging folders of runs that died are removed by the next run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from netplan.errors import InputError

if sys.platform != "win32":  # no such locks there: leftovers stay, and two runs into one folder are not told apart
    import fcntl

COMPANIONS = ("assignments.parquet", "plan.gpkg", "plan.xlsx", "map.html")
"""The files beside plan.json, in the order in which they are moved in."""

OUTPUTS = (*COMPANIONS, "plan.json")


def prepare_output(directory: str | Path) -> None:
    """Refuse an output folder that could not be written, before any time is spent on solving; creates nothing.

    Raises
    ------
    InputError
        Saying what is in the way and what to do.
    """
    path = Path(directory)
    if path.is_symlink() and not path.exists():
        raise InputError(f"{path}: is a link to nothing; name a folder for the outputs")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; name a folder for the outputs")
    for name in OUTPUTS:
        if (path / name).is_dir():
            raise InputError(f"{path / name}: is a folder where a file must go; move it away")
    folder = path if path.exists() else _nearest_existing(path)
    if not folder.is_dir():
        raise InputError(f"{path}: {folder} is a file, so no folder can be made in it; name another folder")
    _try_to_write(path, folder)


@contextlib.contextmanager
def staging(directory: Path) -> Iterator[Path]:
    """A staging folder for `directory`, swapped in when the block ends well and removed in any case.

    Raises
    ------
    InputError
        The folder cannot be written, or the disk is full.
    """
    made = _missing_folders(directory)
    try:
        target = directory.resolve()
        target.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            stage = _new_stage(target, held)
            yield stage
            _swap_in(stage, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{directory}: the outputs cannot be written here ({reason}); earlier files are unchanged"
        ) from error
    finally:
        for folder in made:
            # Left behind only by a run that failed: a folder with outputs is not empty, and stays.
            with contextlib.suppress(OSError):
                folder.rmdir()


def changed_outputs(directory: str | Path) -> tuple[str, ...]:
    """Companions of plan.json that are not those it was written with; empty for a folder that is whole.

    Raises
    ------
    InputError
        There is no plan.json, or it is not one of netplan's.
    """
    path = Path(directory) / "plan.json"
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))["outputs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a plan that netplan wrote ({error})") from None
    return tuple(name for name in recorded if _digest_or_none(path.with_name(name)) != recorded[name])


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest_or_none(path: Path) -> str | None:
    return digest(path) if path.is_file() else None


def _nearest_existing(path: Path) -> Path:
    return next(parent for parent in path.absolute().parents if parent.exists())


def _try_to_write(path: Path, folder: Path) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix=".netplan.partial-", dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror} in {folder}); choose another folder or change its permissions"
        ) from None


def _missing_folders(directory: Path) -> list[Path]:
    """The folder and those above it that do not exist yet, innermost first."""
    target = directory.absolute()
    return [folder for folder in (target, *target.parents) if not folder.exists()]


def _new_stage(target: Path, held: contextlib.ExitStack) -> Path:
    """A staging folder of this run, held and removed by `held`; leftovers of dead runs are cleared first."""
    home, prefix = _staging_home(target), f".{target.name}.partial-"
    # Under the target's lock, so that no other run takes the new folder for a leftover before it is held.
    with _locked(target):
        _remove_dead(home, prefix)
        stage = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
        held.callback(shutil.rmtree, stage, ignore_errors=True)
        held.enter_context(_locked(stage))
    return stage


def _staging_home(target: Path) -> Path:
    """Beside the folder if that is the same file system and can be written, else inside it."""
    parent = target.parent
    is_beside = (
        parent != target and parent.stat().st_dev == target.stat().st_dev and os.access(parent, os.W_OK | os.X_OK)
    )
    return parent if is_beside else target


def _remove_dead(home: Path, prefix: str) -> None:
    """Staging folders nobody holds are leftovers of runs that were killed."""
    for path in home.glob(f"{_literal(prefix)}*"):
        if path.is_dir() and not path.is_symlink() and not _is_held(path):
            shutil.rmtree(path, ignore_errors=True)


def _literal(text: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in text)


def _is_held(path: Path) -> bool:
    if sys.platform == "win32":
        return True
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder for this process; the system lets go of it when the process dies."""
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        # A file system without locks (some network shares) is used without them.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _swap_in(stage: Path, target: Path) -> None:
    """Move every staged file into place, plan.json last; on any failure put the earlier files back."""
    names = [name for name in OUTPUTS if (stage / name).is_file()]
    for name in names:
        _flush(stage / name)
    earlier = stage / "earlier"
    earlier.mkdir()
    # Two runs into one folder take turns, so that the files of one run stay together.
    with _locked(target):
        moved: list[str] = []
        try:
            for name in names:
                _keep(target / name, earlier / name)
                moved.append(name)
                (stage / name).replace(target / name)
            _flush(target)
        except BaseException:
            for name in moved:
                _put_back(earlier / name, target / name)
            raise


def _keep(path: Path, copy: Path) -> None:
    """A second name for a file that is about to be replaced, or a copy where the file system has no links."""
    if not path.exists():
        return
    try:
        copy.hardlink_to(path)
    except OSError:
        shutil.copy2(path, copy)


def _put_back(copy: Path, path: Path) -> None:
    if copy.exists():
        copy.replace(path)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
