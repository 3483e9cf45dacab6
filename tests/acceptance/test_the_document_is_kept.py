"""The served OpenAPI document, taken at its word: requests made up from it, signed and sent, answered as it says.

Schemathesis makes the requests, sound and unsound ones, for every operation; its checks compare the answers with the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.generation import GenerationMode

from api.signing import idempotency_key
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.settings import Settings
from tests.acceptance.conftest import FRIDAY_MORNING, PRINCIPALS, ServedCorridor, told, transfer, uetr
from tests.conftest import fresh_corridor

CASES_MIN = 2_000
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def shared(acceptance_settings: Settings) -> Iterator[ServedCorridor]:
    """One corridor with one transfer in it."""
    clock = SetClock(FRIDAY_MORNING)
    with Service(acceptance_settings, clock=clock) as service:
        served = ServedCorridor(service, fresh_corridor(), clock)
        try:
            served.open()
            told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
            yield served
        finally:
            served.close()


def test_every_operation_answers_as_its_document_says(shared: ServedCorridor) -> None:
    """No fault of ours, no status, header, media type or body that the document does not name, whoever asks and whatever is sent."""
    document = told(shared.get("operator:ops", "/openapi.json"), 200)
    operations = [result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations()]
    # Some reads have fewer cases than this to make.
    each = CASES_MIN * 5 // 4 // len(operations)
    numbers, answered = count(), Counter[str]()
    parts = {"corridor": shared.corridor, "uetr": uetr(1), "account": "abb:position:USD", "number": 1}
    signers = {principal: shared.signer(principal) for principal in PRINCIPALS}

    def sent(case: Any, principal: str) -> httpx.Response:
        made = requests.Request(**_without_timeout(case.as_transport_kwargs(base_url=shared.url))).prepare()
        headers = dict(made.headers) | (idempotency_key(f"made up {next(numbers)}") if made.method == "POST" else {})
        request = httpx.Request(str(made.method), str(made.url), headers=headers, content=made.body or b"")
        if case.path.startswith("/v1"):
            signers[principal].sign(request)
        return shared.client.send(request)

    for operation in operations:
        whole = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

        @settings(
            max_examples=each,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
            deadline=None,
        )
        @given(case=whole, principal=st.sampled_from(PRINCIPALS), known=st.sampled_from((True, True, True, False)))
        def keeps(case: Any, principal: str, known: bool) -> None:
            if known:
                case.path_parameters |= {name: value for name, value in parts.items() if name in case.path_parameters}
            answer = sent(case, principal)
            answered[f"{answer.status_code // 100}xx"] += 1
            case.validate_response(answer, checks=CHECKS)

        keeps()

    assert sum(answered.values()) >= CASES_MIN
    assert set(answered) == {"2xx", "4xx"}


def _without_timeout(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in kwargs.items() if name in ("method", "url", "headers", "params", "data", "json", "files", "cookies")
    }
