"""What several tests share: the tiny region, and the option that rewrites the golden LP files."""

from __future__ import annotations

import pytest
from regions import tiny_tables

from netplan.region import Region


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden-update` rewrites tests/golden; look at the difference before committing it."""
    parser.addoption("--golden-update", action="store_true", help="rewrite the golden LP files")


@pytest.fixture(scope="session")
def tiny() -> Region:
    """The hand-checkable region of `regions`; treat it as read-only."""
    return Region.from_tables(name="Tiny", currency="EUR", tables=tiny_tables())
