"""What every made-up region has in common: formats, conversions, visits, loyalty and the settings file.

Prices are in yuan and of the size that a branch of a large Chinese bank costs; none is anybody's account.
"""

from __future__ import annotations

from itertools import permutations

import pandas as pd

SERVICES = ("cash", "counter")

_FORMATS = """
format      services     hours staffed physical supplies staff gain capacity cash   viable running opening closing
flagship    cash,counter 8     1       1        1        24    1    60000    120000 20000  3400000 6000000 900000
full        cash,counter 7.5   1       1        1        12    1    32000    75000  6000   1900000 3200000 450000
light       cash,counter 7     1       1        1        5     0.8  18000    36000  2000   760000  1100000 220000
community   cash,counter 8     1       1        0        3     0.55 13000    22000  1500   450000  600000  120000
selfservice cash         24    0       0        0        0     0.2  40000    40000  0      60000   280000  40000
"""

_VISITS = """
segment  service visits_per_year digital_share customer_share
children cash    1               0.5           0.04
children counter 0.6             0.3           0.04
working  cash    36              0.955         0.38
working  counter 22              0.94          0.38
elderly  cash    24              0.72          0.55
elderly  counter 9               0.7           0.55
"""

_LOST = {0: (0, 0), 2: (0.16, 0.03), 5: (0.3, 0.08), 10: (0.44, 0.17), 15: (0.52, 0.26), 20: (0.6, 0.33)}
"""Minutes: share of the margin lost by a closure, and by a relocation that far."""

SETTINGS = """\
name = "{name}"
currency = "CNY"
language = "en"
country = "CN"
crs = "EPSG:4326"
note = "made up from a seed: no such place"

[sources.nodes]
source = "benchmarks/made_region.py"
licence = "MIT"
modelled = true
"""


def fixed_tables(num_formats: int) -> dict[str, pd.DataFrame]:
    """The tables of formats (the smallest `num_formats` of them), conversions, visits and retention."""
    kinds = _parsed(_FORMATS).tail(num_formats)
    return {
        "formats": _formats(kinds),
        "conversions": _conversions(kinds),
        "visits": _parsed(_VISITS),
        "retention": pd.DataFrame(
            [(minutes, *shares) for minutes, shares in _LOST.items()],
            columns=["minutes", "lost_share", "relocated_lost_share"],
        ),
    }


def _formats(kinds: pd.DataFrame) -> pd.DataFrame:
    """The table of formats: all are open every day, so that formats of one site cost a visitor the same."""
    return pd.DataFrame(
        {
            "format": kinds["format"],
            "name": kinds["format"],
            "name_en": kinds["format"],
            "channel": "outlet",
            "services": kinds["services"],
            "days_per_week": 7,
            "hours_per_day": kinds["hours"],
            "is_staffed": kinds["staffed"],
            "is_hosted": 0,
            "is_physical": kinds["physical"],
            "is_step_free": 1,
            "supplies_cash": kinds["supplies"],
            "staff": kinds["staff"],
            "gain_factor": kinds["gain"],
            "capacity_visits_per_year": kinds["capacity"],
            "capacity_for_cash": kinds["cash"],
            "min_visits_per_year": kinds["viable"],
            "running_cost_per_year": kinds["running"],
            "opening_cost": kinds["opening"],
            "closing_cost": kinds["closing"],
            "relocation_cost": "",
            "dwell_minutes": "",
            "max_base_minutes": "",
            "max_supply_minutes": "",
        }
    )


def _conversions(kinds: pd.DataFrame) -> pd.DataFrame:
    """Every format can become every other, for a third of what the new one costs to open and a severance for staff no longer needed."""
    opening, staff = (dict(zip(kinds["format"], kinds[name].astype(int), strict=True)) for name in ("opening", "staff"))
    pairs = list(permutations(opening, 2))
    return pd.DataFrame(
        {
            "from_format": [before for before, _ in pairs],
            "to_format": [after for _, after in pairs],
            "cost": [
                100_000 + round(opening[after] // 3, -3) + 80_000 * max(0, staff[before] - staff[after])
                for before, after in pairs
            ],
        }
    )


def _parsed(text: str) -> pd.DataFrame:
    header, *lines = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame([[cell.replace(",", " ") for cell in line] for line in lines], columns=header)
