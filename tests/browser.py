"""Open a page in headless Chromium with the network cut, run a script in it, and read what it says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

_ANSWER = re.compile(r'<script type="application/json" id="test-answer">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of opening a page."""

    answer: Any
    console: list[str]


def visit(page: Path, question: str, scratch: Path, size: str = "1400,900") -> Visit:
    """Open `page` with the network cut; `question` is a JavaScript expression whose value comes back as JSON."""
    asked = scratch / f"asked-{page.name}"
    probe = (
        "<script>{const tell = (value) => {const s = document.createElement('script'); s.type = 'application/json';"
        "s.id = 'test-answer'; s.textContent = JSON.stringify(value).replace(/</g, '\\\\u003c'); document.body.append(s);};"
        f"try {{ tell({question}); }} catch (error) {{ tell({{error: String(error)}}); }} }}</script>"
    )
    text = page.read_text(encoding="utf-8")
    assert text.count("</body>") == 1, "the data ends the page early"
    asked.write_text(text.replace("</body>", probe + "</body>"), encoding="utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={scratch / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--log-level=0",
            f"--window-size={size}",
            "--virtual-time-budget=4000",
            "--dump-dom",
            asked.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=False,
    )
    console = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "CONSOLE" in line]
    found = _ANSWER.search(done.stdout.decode("utf-8", "replace"))
    assert found, done.stderr.decode("utf-8", "replace")[-2000:]
    return Visit(json.loads(found[1]), console)
