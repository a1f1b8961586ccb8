"""The JSON Schemas of the documents, made from the types in importer/cli/documents.py, and the tables of the guide.

``tests/readme.py`` writes the files; ``tests/cli/test_documents.py`` compares them, and holds what commands print to
them.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from importer.cli import documents
from importer.cli.documents import DOCUMENTS, Head, LogEvent, SummaryFile

FOLDER = Path(documents.__file__).parent / "json_schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CONFIG = ConfigDict(use_attribute_docstrings=True)

Node = dict[str, Any]


def all_schemas() -> dict[str, Node]:
    """Every schema by its name: one for each command, one for summary.json and one for a line of a log."""
    of_commands = {command.replace(" ", "-"): _of_command(command) for command in DOCUMENTS}
    return {**of_commands, "summary": _of_one(SummaryFile), "event": _of_one(LogEvent)}


def file_text(schema: Node) -> str:
    """A schema as its file has it."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def strict(node: Any) -> Any:
    """A schema that allows no member which it does not name."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {name: strict(value) for name, value in node.items()}
    return inner | {"additionalProperties": False} if "properties" in node else inner


def _of_command(command: str) -> Node:
    kinds, parts = DOCUMENTS[command], _parts(*DOCUMENTS[command], Head)
    head = parts.pop("Head")
    failure = {**head, "description": "The command has failed.", "title": "Failure"}
    failure["properties"] = head["properties"] | {"ok": {**head["properties"]["ok"], "const": False}}
    failure["required"] = ["schema", "ok", "error"]
    for kind in kinds:
        own = parts[kind.__name__]
        own["properties"], own["required"] = head["properties"] | own["properties"], head["required"] + own["required"]
    names = [*(kind.__name__ for kind in kinds), "Failure"]
    return {
        "$schema": _DIALECT,
        "title": f"importer {command} --json",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in names],
        "$defs": {**parts, "Failure": failure},
    }


def _of_one(kind: type) -> Node:
    parts = _parts(kind)
    own = parts.pop(kind.__name__)
    return {"$schema": _DIALECT, **own, **({"$defs": parts} if parts else {})}


def _parts(*kinds: type) -> dict[str, Node]:
    """The schemas of these types, and of all that are in them, by their names."""
    parts: dict[str, Node] = {}
    for kind in kinds:
        made = TypeAdapter(list[kind], config=_CONFIG).json_schema()  # type: ignore[valid-type]
        parts |= made["$defs"]
    return {name: _plain(parts[name]) for name in sorted(parts)}


def _plain(node: Any) -> Any:
    """The same without the titles that repeat the names of members, and with sentences on one line."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    shown = {name: _plain(value) for name, value in node.items()}
    if isinstance(description := node.get("description"), str):
        shown["description"] = " ".join(description.split())
    if "properties" in node:
        members = {
            name: {key: value for key, value in member.items() if key != "title"}
            for name, member in shown["properties"].items()
        }
        shown["properties"] = members
    return shown


def documents_by_command() -> str:
    """Which document each command prints, as a table."""
    lines = [
        f"| `{command}` | {', '.join(map(_link, (kind.__name__ for kind in kinds)))} |"
        for command, kinds in sorted(DOCUMENTS.items())
    ]
    return "| command | prints |\n|---|---|\n" + "\n".join(lines) + "\n"


def document_members() -> str:
    """The members of every document, in the order of the commands, and of what is in them."""
    kinds = list(dict.fromkeys(kind for kinds in DOCUMENTS.values() for kind in kinds))
    every = _parts(*kinds)
    first = [kind.__name__ for kind in kinds]
    return "\n".join(_tables([*first, *(name for name in sorted(every) if name not in first)], every))


def head_members() -> str:
    """The members of every document, and of an error."""
    parts = _parts(Head)
    return _table(parts["Head"]) + "\nAn error has:\n\n" + _table(parts["Error"])


def event_members() -> str:
    """The members of every line of a log."""
    return _table(_parts(LogEvent)["LogEvent"])


def _tables(names: list[str], every: dict[str, Node]) -> Iterator[str]:
    for name in names:
        if name not in {"Error", "SummaryFile"}:
            yield f"### {_title(name)}\n\n{every[name]['description']}\n\n{_table(every[name])}"


def _table(part: Node) -> str:
    required = part.get("required", [])
    lines = []
    for name, member in part["properties"].items():
        absent = "" if name in required else ", may be absent"
        lines.append(f"| `{name}` | {_type(member)}{absent} | {member.get('description', '')} |")
    return "| member | is | holds |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def _title(name: str) -> str:
    return " ".join(re.findall("[A-Z][a-z]+", name)).capitalize()


def _link(name: str) -> str:
    if name == "SummaryFile":
        name = "Summary"
    title = _title(name)
    return f"[{title.lower()}](#{'errors' if name == 'Error' else title.lower().replace(' ', '-')})"


def _type(member: Node) -> str:
    if "$ref" in member:
        return _link(member["$ref"].rpartition("/")[2])
    if "anyOf" in member:
        return " or ".join(_type(one) for one in member["anyOf"])
    if "const" in member:
        return f"`{json.dumps(member['const'])}`"
    if "enum" in member:
        return " or ".join(f'"{value}"' for value in member["enum"])
    return _TYPES[member["type"]](member) if "type" in member else "anything"


_TYPES: dict[str, Callable[[Node], str]] = {
    "string": lambda member: "time" if member.get("format") == "date-time" else "text",
    "integer": lambda _: "whole number",
    "number": lambda _: "number",
    "boolean": lambda _: "true or false",
    "null": lambda _: "null",
    "array": lambda member: "list" + (f" of {_type(member['items'])}" if "$ref" in member.get("items", {}) else ""),
    "object": lambda _: "object",
}
