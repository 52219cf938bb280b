"""The reference part of `docs/plan-file.md`, written from the models in `policy.py`: ``python -m netplan.docs_plan_file``.

The page is written by hand; only what stands between a ``<!-- keys: NAME -->`` and its ``<!-- end -->`` is generated.
"""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import itertools
import re
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from netplan import policy

PAGE = Path(__file__).parents[1] / "docs" / "plan-file.md"

_BLOCK = re.compile(r"(<!-- keys: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_WORDS: dict[object, str] = {
    bool: "true / false",
    str: "text",
    int: "whole number",
    float: "number",
    dt.date: "date",
}


def generated(page: str) -> str:
    """The page with its key tables written anew; the text around them is left alone."""
    return _BLOCK.sub(lambda block: block[1] + _table(getattr(policy, block[2])) + block[3], page)


def _table(model: type[BaseModel]) -> str:
    meaning = _attribute_docstrings(model)
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for name, field in _own_fields(model).items():
        lines.append(f"| `{name}` | {_values(field)} | {_default(field)} | {meaning.get(name, '')} |")
    return "\n".join(lines) + "\n"


def _own_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Keys that stand in a section of their own (`[access.service.NAME]`, `[[policy.cluster]]`) are not repeated."""
    inherited = {name for base in model.__mro__[1:] for name in getattr(base, "model_fields", {})}
    return {
        name: field
        for name, field in model.model_fields.items()
        if name not in inherited
        and not any(_is_section(kind) for kind in (field.annotation, *_parts(field.annotation)))
    }


def _attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The string under each attribute of a class, which Python itself throws away."""
    tree = ast.parse(inspect.getsource(model))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef))
    found = {}
    for before, after in itertools.pairwise(body):
        match before, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def _values(field: FieldInfo) -> str:
    bounds = [f"{word} {limit:g}" for metadata in _metadata(field) for word, limit in _limits(metadata)]
    return ", ".join([_kind(field.annotation), *bounds])


def _metadata(field: FieldInfo) -> list[Any]:
    """Bounds of the field, and of the type inside an optional or a list."""
    found = list(field.metadata)
    for kind in (field.annotation, *_parts(field.annotation)):
        for part in getattr(kind, "__metadata__", ()):
            found.extend(part.metadata if isinstance(part, FieldInfo) else [part])
    return found


def _limits(metadata: object) -> list[tuple[str, float]]:
    return [(word, getattr(metadata, name)) for name, word in _BOUNDS.items() if hasattr(metadata, name)]


def _parts(annotation: Any) -> list[Any]:
    return [part for part in get_args(annotation) if part not in {type(None), Ellipsis}]


def _kind(annotation: Any) -> str:
    if hasattr(annotation, "__metadata__"):
        return _kind(annotation.__origin__)
    origin, parts = get_origin(annotation), _parts(annotation)
    if origin is Literal:
        return " / ".join(f'`"{part}"`' for part in parts)
    if origin in {Union, types.UnionType}:
        return _kind(parts[0])
    if origin is tuple:
        return f"list of {_kind(parts[0])}"
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return f"table: name = {_kind(parts[1])}"
    return _WORDS[annotation]


def _is_section(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if field.is_required():
        return "**required**"
    if value is None:
        return "none"
    if value in ((), {}):
        return "empty"
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case float():
            return f"{value:g}"
        case tuple():
            return "[" + ", ".join(_toml(part) for part in value) + "]"
        case _:
            return str(value)


def main() -> None:
    """Write the page."""
    PAGE.write_text(generated(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
