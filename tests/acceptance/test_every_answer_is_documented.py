"""Whatever is sent to any operation, it answers with a status and a form that its document names, and never with a fault of ours."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.permissions import CORRIDOR_PREFIX, OPERATION_PERMISSIONS
from api.problems import MEDIA_TYPE, Problem
from api.signing import idempotency_key
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.settings import Settings
from tests.acceptance.conftest import FRIDAY_MORNING, ServedCorridor, told, transfer, uetr
from tests.conftest import fresh_corridor

STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1.5, "", " ", "\x00", "\ud800", "💸", "x" * 5_000, "1e999", "NaN", "' OR 1=1 --", "%00", [], [[]], {},
    {"a": {"b": []}}, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59",
)  # fmt: skip
QUERIES = ("0", "-1", "99999999999999999999", "x", "", "%00", "💸", "1-2", "2026-03-27T09:00:00Z", "0001-01-01T00:00:00+23:59")
PARTS = {"uetr": uetr(1), "account": "abb:cash:MAD", "number": "1", "recall": "R", "case": "c", "break_id": "b", "reference": "W",
         "quote": uetr(2), "report": "r", "message_position": "1", "index": "0", "day": "2026-03-27"}  # fmt: skip


@pytest.fixture(scope="module")
def shared(acceptance_settings: Settings) -> Iterator[ServedCorridor]:
    """One corridor for all of it, with one transfer to aim at."""
    clock = SetClock(FRIDAY_MORNING)
    with Service(acceptance_settings, clock=clock) as service:
        served = ServedCorridor(service, fresh_corridor(), clock, wait_seconds_max=0)
        try:
            served.open()
            told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
            yield served
        finally:
            served.close()


def operations(served: ServedCorridor, method: str) -> list[tuple[str, dict[str, Any]]]:
    """(path, description) of each signed operation with this method."""
    paths = served.app.openapi()["paths"]
    return [(path, described[method]) for path, described in paths.items() if method in described and path.startswith("/v1")]


def who_may(path: str) -> str:
    """Somebody whose key may be used for the command, so that its body is looked at."""
    permission = OPERATION_PERMISSIONS[f"POST {path.removeprefix(CORRIDOR_PREFIX)}"]
    return {"settle": "bank:settlement", "decide": "officer:amina", "operate": "operator:ops"}.get(permission, "abb")


def filled(path: str, served: ServedCorridor, **parts: str) -> str:
    return path.format(**({"corridor": served.corridor} | PARTS | parts))


def check(asked: str, answer: httpx.Response, operation: dict[str, Any]) -> str | None:
    """What about an answer its document does not say, if anything."""
    described = operation["responses"].get(str(answer.status_code))
    if described is None or answer.status_code >= 500:
        return f"{asked}: {answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400:
        problem = Problem.model_validate_json(answer.content)
        if answer.headers["Content-Type"] != MEDIA_TYPE or f"`{problem.type}`" not in described["description"]:
            return f"{asked}: {problem.type} is not named for {answer.status_code}"
    return None


def mutations(example: Any) -> Iterator[Any]:
    """Bodies around an example: each field gone, and each field and the whole as something strange."""
    yield from STRANGE
    if isinstance(example, dict):
        for name in example:
            yield {k: v for k, v in example.items() if k != name}
            yield from (example | {name: strange} for strange in STRANGE)
        yield example | {"unknown": 1}


def test_no_body_makes_a_command_fail(shared: ServedCorridor) -> None:
    """Every command with every field of its example bent."""
    wrong, sent = [], 0
    for path, operation in operations(shared, "post"):
        content = operation["requestBody"]["content"].get("application/json")
        if content is None:
            continue
        for body in mutations(content["example"]):
            sent += 1
            answer = shared.client.post(
                filled(path, shared), content=json.dumps(body).encode(), auth=shared.signer(who_may(path)),
                headers={"Content-Type": "application/json"} | idempotency_key(f"strange {sent}"),
            )  # fmt: skip
            wrong += filter(None, [check(f"POST {path} {json.dumps(body)[:200]}", answer, operation)])
    assert wrong == []
    assert sent > 1_000


def test_no_path_or_query_makes_a_read_fail(shared: ServedCorridor) -> None:
    """Every read with every parameter bent."""
    wrong, sent = [], 0
    for path, operation in operations(shared, "get"):
        parameters = [(p["in"], p["name"]) for p in operation["parameters"] if p["name"] != "corridor"]
        for place, name in parameters:
            for text in QUERIES:
                if place == "path" and not text:
                    continue
                sent += 1
                target = filled(path, shared, **({name: text} if place == "path" else {}))
                answer = shared.client.get(target, params={name: text} if place == "query" else {}, auth=shared.signer("operator:ops"))
                if not (answer.status_code == 503 and answer.json()["type"] == "/problems/read-too-early"):
                    wrong += filter(None, [check(f"GET {target} {name}={text}", answer, operation)])
    assert wrong == []
    assert sent > 300
