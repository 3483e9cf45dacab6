"""The document of the API: each operation with its example, its problems, and how it is signed.

Bodies carry their examples in their models; `document` shows them at each operation that uses the body. `answers` names the problems an
operation can answer with, beside those that every signed operation has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api import errors as a
from api.problems import MEDIA_TYPE, PROBLEMS, TYPE_PREFIX, Problem, code_of
from ledger import errors as e

_EVERY_SIGNED = (a.Unauthenticated, a.KeyNotPermitted, e.UnknownCorridor, a.RequestInvalid, e.Unavailable, e.LedgerError)
_EVERY_READ = (*_EVERY_SIGNED, e.ReadTooEarly)
_EVERY_COMMAND = (
    *_EVERY_SIGNED, a.IdempotencyKeyMissing, a.IdempotencyKeyMalformed, a.BodyTooLarge, a.RequestTooSlow, a.ContentTypeWrong, e.KeyReused,
    e.StillRunning, e.OutcomeUnknown, e.Overloaded, e.NotPermitted,
)  # fmt: skip
_OPEN_PATHS = ("/health", "/ready")
_METHODS = ("get", "post", "put", "patch", "delete")

Answers = dict[str, Any]


def answers(model: type[BaseModel], *problems: type[e.LedgerError], status: int = 200) -> Answers:
    """How a command's route answers: its model and status, and the refusals of its own beside those of every command."""
    return _answers(model, (*_EVERY_COMMAND, *problems), status)


def shows(model: type[BaseModel], *problems: type[e.LedgerError]) -> Answers:
    """How a read's route answers."""
    return _answers(model, (*_EVERY_READ, *problems), 200)


def _answers(model: type[BaseModel], problems: Iterable[type[e.LedgerError]], status: int) -> Answers:
    return {"response_model": model, "response_model_exclude_none": True, "status_code": status, "responses": _problem_responses(problems)}


def _problem_responses(problems: Iterable[type[e.LedgerError]]) -> dict[int | str, dict[str, Any]]:
    by_status: dict[int, list[str]] = {}
    for error_class in dict.fromkeys(problems):
        kind = PROBLEMS[error_class]
        code = "service-failed" if kind.status == 500 else code_of(error_class)
        by_status.setdefault(kind.status, []).append(f"`{TYPE_PREFIX}{code}` {kind.title}")
    return {
        status: {
            "description": "\n".join(sorted(f"- {line}" for line in lines)),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, lines in sorted(by_status.items())
    }


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    if app.openapi_schema is None:
        described = get_openapi(title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes)
        components = described.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        components["securitySchemes"] = {
            "signature": {
                "type": "http",
                "scheme": "signature",
                "description": "HTTP Message Signature (RFC 9421) by a key that the corridor has registered, tag `corridor`, with "
                "created, keyid and nonce. A command covers @method, @target-uri, content-type, content-digest and idempotency-key; "
                "a read covers @method and @target-uri.",
            }
        }
        for path, operations in described["paths"].items():
            for method in _METHODS:
                if method in operations:
                    _complete(operations[method], schemas, signed=path not in _OPEN_PATHS)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = described
    return app.openapi_schema


def _complete(operation: dict[str, Any], schemas: dict[str, Any], *, signed: bool) -> None:
    if signed:
        operation["security"] = [{"signature": []}]
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "Idempotency-Key":
            parameter["required"] = True
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    for status, response in responses.items():
        headers = _headers(status, signed=signed, command="requestBody" in operation)
        if headers:
            response["headers"] = headers
    for described in (operation.get("requestBody", {}), *responses.values()):
        for content in described.get("content", {}).values():
            example = _example_of(content.get("schema", {}), schemas)
            if example is not None:
                content.setdefault("example", example)


def _headers(status: str, *, signed: bool, command: bool) -> dict[str, Any]:
    position = {"Corridor-Position": _header("The log position of the answer; `at_least` of a read takes it.", "integer")}
    replayed = {"Idempotent-Replayed": _header("`true` when this answer was given before under the same key.", "string")}
    if status in ("429", "503"):
        return {"Retry-After": _header("Seconds after which to ask again.", "integer")}
    if not signed or not (status.startswith("2") or (command and status in ("409", "422", "403", "404"))):
        return {}
    return position | (replayed if command else {})


def _header(description: str, kind: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


def _example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    named = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    examples = named.get("examples")
    return examples[0] if examples else None
