"""Which column of a branch list says what: names in use at banks and regulators, or the planner's own word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netplan.errors import InputError
from netplan.violations import printable, some

ALIASES: Mapping[str, tuple[str, ...]] = {
    "lon": ("lon", "lng", "long", "longitude", "x", "经度", "SIMS_LONGITUDE", "longitud", "Längengrad"),
    "lat": ("lat", "latitude", "y", "纬度", "SIMS_LATITUDE", "latitud", "Breitengrad"),
    "site_id": (
        *("site_id", "id", "branch_id", "outlet_id", "branch_code", "outlet_code", "code", "UNINUMBR"),
        *("网点编号", "网点代码", "机构编号", "机构编码", "机构代码", "编号"),
    ),
    "name": (
        *("name", "branch", "branch_name", "outlet", "outlet_name", "NAMEBR"),
        *("网点名称", "机构名称", "支行名称", "名称", "网点"),
    ),
    "bank": (
        "bank",
        "bank_name",
        "institution",
        "institution_name",
        "NAMEFULL",
        "银行",
        "银行名称",
        "所属银行",
        "所属机构",
    ),
    "format": ("format", "type", "branch_type", "outlet_type", "网点类型", "机构类型", "类型"),
    "volume": (
        *("volume", "deposits", "deposit", "total_deposits", "DEPSUMBR"),
        *("存款", "存款余额", "各项存款", "业务量"),
    ),
    "closed": (
        "closed",
        "is_closed",
        "closed_on",
        "closing_date",
        "date_closed",
        "已关闭",
        "是否关闭",
        "停业",
        "关闭日期",
    ),
    "branch_number": ("branch_number", "BRNUM"),
    "is_owned": ("is_owned", "owned", "自有", "是否自有"),
    "lease_end": ("lease_end", "lease_expiry", "lease_until", "租约到期", "租赁到期日"),
    "running_cost_per_year": ("running_cost_per_year", "running_cost", "运营成本"),
}
"""What a column says -> names it is known by; capitals, blanks, dashes and underscores do not count."""

MARGIN = "margin_"
"""Columns that begin so are margins by service, as in the table outlets."""


def known_names() -> frozenset[str]:
    """Every name in the table of aliases."""
    return frozenset(name for names in ALIASES.values() for name in names)


def recognised(file: str, names: Iterable[str], given: Mapping[str, str], *, has_geometry: bool) -> dict[str, str]:
    """What is said -> column that says it.

    Parameters
    ----------
    given
        The planner's word, which comes first: ``{"lon": "SIMS_LONGITUDE"}``; an empty name leaves that out of account.
    has_geometry
        The file has geometry: its position is in columns lon and lat, whatever other columns are called.

    Raises
    ------
    InputError
        A name in `given` that means nothing or is not in the file, or two columns that may say the same.
    """
    columns = list(names)
    _check_given(file, columns, given)
    found = {role: column for role, column in given.items() if column}
    for role in ALIASES:
        if role in given:
            continue
        free = [column for column in columns if column not in found.values()]
        fitting = _fitting(role, free, has_geometry=has_geometry)
        if len(fitting) > 1:
            raise InputError(
                f"{file}: columns {some(fitting)} may all be the {role}; "
                f"say which, as {role}={printable(fitting[0])}, or leave it out as {role}="
            )
        if fitting:
            found[role] = fitting[0]
    return found


def required(file: str, names: Iterable[str], found: Mapping[str, str]) -> None:
    """Refuse a list without positions."""
    missing = [role for role in ("lon", "lat") if role not in found]
    if missing:
        raise InputError(
            f"{file}: no column is recognised as {' and '.join(missing)}; it has {some(names, 15)}; "
            f"say which, as {missing[0]}=COLUMN"
        )


def _check_given(file: str, columns: list[str], given: Mapping[str, str]) -> None:
    for role, column in given.items():
        if role not in ALIASES:
            raise InputError(f"{file}: {role}={column}: {role} is nothing that is read; use one of {some(ALIASES, 20)}")
        if column and column not in columns:
            raise InputError(f"{file}: there is no column {printable(column)} (for {role}); it has {some(columns, 15)}")


def _fitting(role: str, columns: list[str], *, has_geometry: bool) -> list[str]:
    """Columns that may say it; where there is geometry, lon and lat come before other names of the position."""
    plain = {_plain(alias) for alias in ALIASES[role]}
    fitting = [column for column in columns if _plain(column) in plain]
    if has_geometry and role in {"lon", "lat"}:
        return [column for column in fitting if column == role] or fitting
    return fitting


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
