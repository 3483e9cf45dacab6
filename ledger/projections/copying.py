"""Values in PostgreSQL's text COPY format ("Text Format" of the COPY command): a backslash escapes what would end a field or a row."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\ufffd"})


def text(value: str) -> str:
    """Free text. PostgreSQL has no NUL in text, so one that a partner sent stands as U+FFFD."""
    return value.translate(_ESCAPES)


def json_text(value: Any) -> str:
    """A JSON document. NUL is replaced as in `text`: jsonb refuses it, and one odd character must not stop a projection."""
    if value == []:  # by far the most frequent document
        return "[]"
    document = to_json(value).decode()
    if "\\" in document:
        if "\\u0000" in document:
            document = to_json(without_nul(value)).decode()
        document = document.replace("\\", "\\\\")
    return document


def field(value: Any) -> str:
    """Any value of a row: None, text, numbers, booleans, instants, UUIDs, or a document (dict or list)."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, dict | list):
        return json_text(value)
    return str(value)


def line(values: tuple[Any, ...]) -> str:
    """A whole row of fields, the same as each by itself; nearly all rows have nothing to escape, and are found out together."""
    joined = "\t".join([value if value.__class__ is str else "\\N" if value is None else field(value) for value in values])
    escapes, ends = joined.count("\\"), "\n" in joined or "\r" in joined or "\0" in joined
    if ends or escapes != values.count(None) or joined.count("\t") != len(values) - 1:
        joined = "\t".join(map(field, values))
    return joined + "\n"


def without_nul(value: Any) -> Any:
    """The same JSON value with U+FFFD for each NUL in its texts and keys."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {without_nul(key): without_nul(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_nul(inner) for inner in value]
    return value
