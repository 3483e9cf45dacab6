"""The document of the API: every operation shows what it takes and answers, and what it shows is true."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple, get_type_hints

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json

from api.app import CORRIDOR_ROUTES, create_app
from api.gate import OPEN_PATHS
from api.problems import MEDIA_TYPE, Problem
from api.routes import health
from ledger.fx.bank_al_maghrib import read_bank_al_maghrib
from ledger.settings import Settings

BELOW = "/v1/corridors/{corridor}"


class Operation(NamedTuple):
    """A route as it is written, and the same as it is described."""

    name: str
    route: APIRoute
    described: dict[str, Any]


def application() -> FastAPI:
    """The application, described and not served: it asks nothing of its service until a request comes."""
    service: Any = SimpleNamespace(settings=Settings(), pool=None, clock=None)
    return create_app(service)


APP = application()
DOCUMENT = APP.openapi()


def operations() -> Iterator[Operation]:
    for prefix, module in [("", health), *((BELOW, module) for module in CORRIDOR_ROUTES)]:
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                path = prefix + route.path
                yield Operation(f"{method} {path}", route, DOCUMENT["paths"][path][method.lower()])


OPERATIONS = list(operations())
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.name for operation in OPERATIONS])


def test_the_document_describes_every_route_and_nothing_else() -> None:
    """No route is hidden from the document, so what is tested by it is tested of all."""
    described = {f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {operation.name for operation in OPERATIONS}


@every_operation
def test_each_operation_has_a_name_and_a_sentence(operation: Operation) -> None:
    """What a newcomer reads first."""
    assert (bool(operation.described["summary"]), operation.described["description"][-1]) == (True, ".")


@every_operation
def test_each_operation_but_the_two_open_ones_is_signed(operation: Operation) -> None:
    """The document says so of each, since no route is open by default."""
    path = operation.name.split()[1]
    assert operation.described.get("security") == (None if path in OPEN_PATHS else [{"signature": []}])


@every_operation
def test_the_example_of_each_answer_is_one_the_operation_could_give(operation: Operation) -> None:
    """Each successful answer is shown, and the answer's own model reads it."""
    [success] = [answer for status, answer in operation.described["responses"].items() if status.startswith("2") and "content" in answer]
    if "application/json" not in success["content"]:
        # A message of ISO 20022, which its own schema describes.
        assert success["content"]["application/xml"]["example"].startswith("<?xml")
        return
    example = success["content"]["application/json"]["example"]
    model = operation.route.response_model
    assert isinstance(model, type) and issubclass(model, BaseModel)
    read = model.model_validate_json(to_json(example))
    assert set(example) <= set(read.model_dump(exclude_none=True))


@every_operation
def test_the_example_of_each_request_is_one_the_operation_takes(operation: Operation) -> None:
    """Each command's body is shown, and the code that reads bodies reads it."""
    if "POST" not in operation.route.methods:
        assert "requestBody" not in operation.described
        return
    [(media_type, content)] = operation.described["requestBody"]["content"].items()
    if media_type == "application/xml":
        assert content["example"].startswith("<?xml")
    elif operation.route.path == "/rate-sheets":
        assert sorted(read_bank_al_maghrib(to_json(content["example"])).prices) == ["CNY", "JPY", "USD"]
    else:
        body = get_type_hints(operation.route.endpoint)["body"]
        TypeAdapter(body).validate_json(to_json(content["example"]))


@every_operation
def test_each_problem_of_an_operation_is_described_as_one(operation: Operation) -> None:
    """Statuses of 400 and above carry a problem, with the types that can occur in words; readiness answers with itself."""
    wrong = {}
    for status, answer in operation.described["responses"].items():
        if status.startswith(("4", "5")) and operation.name != "GET /ready":
            schema = answer["content"].get(MEDIA_TYPE, {}).get("schema")
            if schema != {"$ref": "#/components/schemas/Problem"} or "`/problems/" not in answer["description"]:
                wrong[status] = answer
    assert wrong == {}


@every_operation
def test_each_command_asks_for_an_idempotency_key_and_no_read_does(operation: Operation) -> None:
    """The header is required where something is done."""
    parameters = {parameter["name"]: parameter["required"] for parameter in operation.described.get("parameters", [])}
    assert parameters.get("Idempotency-Key") == (True if "POST" in operation.route.methods else None)


def test_the_example_of_a_problem_is_a_problem() -> None:
    """The one shape of all errors."""
    [example] = DOCUMENT["components"]["schemas"]["Problem"]["examples"]
    assert Problem.model_validate(example).model_dump(exclude_none=True) == example


def test_every_reference_in_the_document_leads_somewhere() -> None:
    """No schema is named that is not there."""
    named = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                named.add(node["$ref"].removeprefix("#/components/schemas/"))
            for inner in node.values():
                walk(inner)
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(DOCUMENT)
    assert named - set(DOCUMENT["components"]["schemas"]) == set()
