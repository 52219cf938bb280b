"""Setting up on a fresh machine: which Python is taken, how the environment is made, what is said when none can be.

`.ci/venv` runs with a PATH that holds nothing but stand-ins for Python: shell scripts that answer its questions and write
down what they are asked to do.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".ci" / "venv"

STAND_IN = """\
#!/bin/sh
case "$*" in
  *version_info*) exit {too_old} ;;
  *"import ensurepip"*) exit {no_ensurepip} ;;
  *"import virtualenv"*) exit {no_virtualenv} ;;
  *"import venv"*) exit 0 ;;
  "-m venv"*|"-m virtualenv"*)
    echo "{name}: $*" >> "$RECORD"
    for last; do :; done
    mkdir -p "$last/bin" && cp "$0" "$last/bin/python" ;;
  "-m pip --version") exit {no_pip} ;;
  "-m pip"*) echo "{name}: $*" >> "$RECORD" ;;
  --version) echo "Python of {name}" ;;
esac
"""

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")


def stand_in(folder: Path, name: str, *, lacks: tuple[str, ...] = (), is_too_old: bool = False) -> None:
    """Put a stand-in for a Python of this name into a folder."""
    folder.mkdir(exist_ok=True)
    answers = {f"no_{way}": int(way in lacks) for way in ("ensurepip", "virtualenv", "pip")}
    path = folder / name
    path.write_text(STAND_IN.format(name=name, too_old=int(is_too_old), **answers), encoding="utf-8")
    path.chmod(0o755)


def set_up(folder: Path, *extra: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run .ci/venv with only the stand-ins and a few plain tools; what it printed and what was recorded."""
    tools = folder / "tools"
    tools.mkdir()
    for tool in ("mkdir", "cp"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    record = folder / "record"
    record.touch()
    environment = {"PATH": f"{folder / 'pythons'}:{tools}", "RECORD": str(record)}
    command = [str(shutil.which("sh")), str(SCRIPT), str(folder / "env"), *extra]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done, record.read_text(encoding="utf-8").splitlines()


def test_the_newest_python_that_answers_is_taken(tmp_path: Path) -> None:
    """python3.13 may be a shim for a version that is not installed: then python3.12 makes the environment."""
    stand_in(tmp_path / "pythons", "python3.13", is_too_old=True)
    stand_in(tmp_path / "pythons", "python3.12")
    stand_in(tmp_path / "pythons", "python3")
    done, record = set_up(tmp_path, "dev")
    assert done.returncode == 0, done.stderr
    assert record[0].startswith("python3.12: -m venv --clear")
    assert record[-1].endswith("--constraint constraints.txt --editable .[dev]")


@pytest.mark.parametrize(
    ("lacks", "way"),
    [
        ((), "-m venv --clear"),
        (("ensurepip",), "-m virtualenv"),
        (("ensurepip", "virtualenv"), "-m venv --clear --without-pip"),
    ],
)
def test_without_venv_another_way_is_found(tmp_path: Path, lacks: tuple[str, ...], way: str) -> None:
    """A Debian without python3-venv still gets its environment, by virtualenv or by pip."""
    stand_in(tmp_path / "pythons", "python3", lacks=lacks)
    done, record = set_up(tmp_path)
    assert done.returncode == 0, done.stderr
    assert record[0].startswith(f"python3: {way}")
    assert record[-1].endswith("--editable .")


def test_without_any_way_one_command_is_named(tmp_path: Path) -> None:
    """Neither venv nor virtualenv, uv or pip: the message is the one command to run."""
    stand_in(tmp_path / "pythons", "python3", lacks=("ensurepip", "virtualenv", "pip"))
    done, _ = set_up(tmp_path)
    assert done.returncode == 1
    assert re.findall(r"^ {4}(.*)$", done.stderr, re.MULTILINE) == ["sudo apt-get install python3-venv"]


@pytest.mark.parametrize("is_there", [True, False])
def test_without_a_python_it_says_so(tmp_path: Path, is_there: bool) -> None:
    """No Python, or one older than 3.11: the version needed and the one command."""
    (tmp_path / "pythons").mkdir()
    if is_there:
        stand_in(tmp_path / "pythons", "python3", is_too_old=True)
    done, record = set_up(tmp_path)
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr
    assert re.findall(r"^ {4}(.*)$", done.stderr, re.MULTILINE) == ["sudo apt-get install python3 python3-venv"]
    assert not record


def test_a_working_environment_is_kept(tmp_path: Path) -> None:
    """Running again installs, but does not make the environment anew."""
    stand_in(tmp_path / "env", "unused")
    stand_in(tmp_path / "env" / "bin", "python")
    stand_in(tmp_path / "pythons", "python3")
    done, record = set_up(tmp_path)
    assert done.returncode == 0, done.stderr
    assert [line.split(" ")[2] for line in record] == ["pip"]


def test_constraints_pin_every_dependency() -> None:
    """constraints.txt names one exact version of everything that pyproject.toml asks for, and of nothing without one."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+]+", line) for line in lines)
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {re.split(r"[^\w-]", line)[0].lower().replace("_", "-") for line in asked} <= pinned


def test_scripts_can_be_run() -> None:
    """The scripts of .ci are executable and have no syntax error."""
    for script in (ROOT / ".ci").iterdir():
        assert os.access(script, os.X_OK), script
        shell = "bash" if "bash" in script.read_text(encoding="utf-8").splitlines()[0] else "sh"
        subprocess.run([shell, "-n", str(script)], check=True)
