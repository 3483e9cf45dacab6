"""What pydantic and the framework object to, as a problem: which field, what was expected, and never what a person is called.

Values are repeated for the fields listed here only. Everything else, parties and free text above all, is named but not quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.errors import MethodNotAllowed, RequestError, RequestInvalid, RouteUnknown

# Fields whose values identify no person. A value is only repeated when the whole path is made of these.
QUOTED_FIELDS = frozenset(
    {
        "account", "agreed", "amount", "as_of", "at_least", "break_id", "business_date", "charge_bearer", "condition", "confirmed_by",
        "corridor", "creditor_agent", "currency", "cursor", "cycle", "deadline", "evidence", "kind", "limit", "number", "opinion",
        "outcome", "participant", "product", "purpose", "quote", "state", "status", "uetr", "valid_from", "valid_until",
    }
)  # fmt: skip
_PLACES = ("body", "query", "path", "header", "cookie")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
VALUE_CHARACTERS_MAX = 64
_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "model_": "is not a JSON object",
    "dict_": "is not a JSON object",
    "uuid": "is not a UUID of the version asked for",
    "date": "is not a date or instant of RFC 3339 with its offset",
    "time": "is not a date or instant of RFC 3339 with its offset",
    "value_error": "is not valid",
    "assertion_error": "is not valid",
}


def from_validation(error: RequestValidationError) -> RequestError:
    """The first thing that is wrong; the others show once it is mended."""
    found: Sequence[Mapping[str, Any]] = error.errors()
    first = found[0]
    path = [part for part in first["loc"] if part not in _PLACES]
    if first["type"] == "json_invalid":
        return RequestInvalid("The body is not JSON.", field="body", way_out="Send one JSON object (RFC 8259) in UTF-8.")
    if not path:
        return RequestInvalid("The body is not a JSON object.", field="body", way_out="Send the object that the documentation shows.")
    return RequestInvalid(
        f"{_field(path)}: {_expected(first)}.", field=_field(path), value=_value(first, path), way_out=_way_out(first, path)
    )


def from_http(error: HTTPException, path: str, method: str) -> RequestError:
    """What routing objects to."""
    if error.status_code == 404:
        return RouteUnknown("No route has this path.", field="path", value=path[:VALUE_CHARACTERS_MAX], way_out="See the OpenAPI document.")
    if error.status_code == 405:
        return MethodNotAllowed(
            f"{method} is not a method of this path.", field="method", value=method, way_out="See Allow for those that are."
        )
    return RequestInvalid("The request cannot be read.", field="body", way_out="Send what the OpenAPI document describes.")


def _field(path: Sequence[object]) -> str:
    """``debtor.country``; a name the caller invented is only repeated when it looks like a field's name."""
    return ".".join(str(part) if isinstance(part, int) or _PLAIN_NAME.fullmatch(str(part)) else "?" for part in path)


def _expected(found: Mapping[str, Any]) -> str:
    """What was expected. pydantic's own sentence says so, but for kinds whose sentence is about Python or would quote what came."""
    kind = str(found["type"])
    for beginning, sentence in _SENTENCES.items():
        if kind.startswith(beginning):
            return sentence
    message = str(found["msg"])
    return message[:1].lower() + message[1:]


def _way_out(found: Mapping[str, Any], path: Sequence[object]) -> str:
    if found["type"] == "missing":
        return f"Send {_field(path)}."
    if found["type"] == "extra_forbidden":
        return "Leave it out, or check its spelling."
    return f"Correct {_field(path)} and send the request again; the idempotency key was not used."


def _value(found: Mapping[str, Any], path: Sequence[object]) -> str:
    given = found.get("input")
    quotable = all(isinstance(part, int) or part in QUOTED_FIELDS for part in path)
    if found["type"] in ("missing", "extra_forbidden") or not quotable or not isinstance(given, str | int | float | bool):
        return ""
    return str(given)[:VALUE_CHARACTERS_MAX]
