"""Logs, metrics and traces: an operator sees what happens, and nobody's personal data."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from threading import Event
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.metrics import served_metrics
from api.signing import idempotency_key
from ledger.commands import CloseCycle
from ledger.deciding import initiation
from ledger.logs import configure_logging
from ledger.privacy.vault import Vault
from tests.acceptance.conftest import LISTED, WEI, YASMINA, ServedCorridor, told, transfer, uetr
from tests.acceptance.people import Browser

SECRETS = (*YASMINA.values(), *WEI.values(), *LISTED.values(), "Namesake of my aunt", "remember the rent")
PERSONAL = tuple(value for value in SECRETS if len(value) > 2)


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What `corridor serve` would write to standard error, every line of it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = StringIO()
    configure_logging(as_json=True, level=logging.INFO, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def answered(log: StringIO) -> list[dict[str, Any]]:
    """The lines of requests, without what differs from run to run."""
    varying = ("at", "request", "milliseconds", "level", "logger", "message")
    return [{k: v for k, v in line.items() if k not in varying} for line in lines(log) if line["logger"] == "api.request_log"]


def test_a_request_leaves_one_line_with_its_id(served: ServedCorridor, log: StringIO) -> None:
    """Who asked for which operation, how it ended, and where the log stood; the caller is told the same id."""
    sent = served.post("abb", "/transfers", transfer(1), "t1")
    told(sent, 201)
    refused = served.post("psbc", f"/transfers/{uetr(9)}/pay", {}, "p1")
    told(refused, 404)
    corridor = {"corridor": served.corridor, "method": "POST"}
    assert answered(log) == [
        corridor | {"partner": "abb", "operation": "POST /v1/corridors/{corridor}/transfers", "status": 201, "position": served.head()},
        corridor
        | {"partner": "psbc", "operation": "POST /v1/corridors/{corridor}/transfers/{uetr}/pay", "status": 404, "position": served.head()},
    ]
    ids = [line["request"] for line in lines(log) if line["logger"] == "api.request_log"]
    assert [sent.headers["request-id"], refused.headers["request-id"]] == ids
    assert len({UUID(one) for one in ids}) == 2


def test_what_was_not_authenticated_is_logged_and_counted_by_its_kind(served: ServedCorridor, log: StringIO) -> None:
    """Each with the type of its problem; nobody is named, since nobody is known."""
    httpx.get(served.url + served.path("/transfers"))
    httpx.get(served.url + served.path("/transfers"), auth=served.signer("abb", "stranger"))
    said = {"method": "GET", "operation": "GET /v1/corridors/{corridor}/transfers", "status": 401}
    assert answered(log) == [said | {"problem": "signature-missing"}, said | {"problem": "signing-key-unknown", "key": "stranger"}]
    assert served.app.state.failures.read() == {"signature-missing": 1, "signing-key-unknown": 1}


def test_no_personal_data_reaches_the_log_however_a_request_fails(
    console: ServedCorridor, browser: Browser, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the body, the path, the query, a header, a key; malformed, refused, unauthenticated, and failing inside."""
    post = console.post
    told(post("abb", "/transfers", transfer(11, remittance_information="remember the rent"), "t1"), 400)
    told(post("abb", "/transfers", transfer(12, purpose=YASMINA["name"]), "t2"), 400)
    told(post("abb", "/transfers", transfer(13, amount=WEI["native_name"]), "t3"), 400)
    told(post("abb", "/transfers", transfer(14, debtor=YASMINA | {"name": 5, "town": YASMINA["name"]}), "t4"), 400)
    told(post("abb", "/transfers", transfer(15, evidence=[]), "t5"), 422)
    told(post("abb", "/transfers", transfer(16), YASMINA["name"]), 201)
    told(post("abb", "/transfers", transfer(17), YASMINA["name"]), 422)
    assert post("abb", f"/transfers/{YASMINA['name']}/pay", {}, "p1").status_code == 400
    assert console.get("abb", f"/{YASMINA['name']}").status_code == 404
    assert console.get("abb", "/transfers", state=YASMINA["name"]).status_code == 400
    assert httpx.get(f"{console.url}/{WEI['native_name']}?name={YASMINA['name']}", headers={"X-Name": YASMINA["name"]}).status_code == 401
    told(post("officer:amina", f"/cases/hold-{uetr(1)}/opinions", {"opinion": "maybe", "reasons": "Namesake of my aunt"}, "o1"), 400)
    with monkeypatch.context() as broken:
        broken.setattr(initiation, "check_amount", _fails_with(f"no rate for {YASMINA['name']}"))
        told(post("abb", "/transfers", transfer(18), "t8"), 500)
    with monkeypatch.context() as broken:
        broken.setattr(Vault, "store_subjects", _fails_with(f"cannot store {WEI['name']} {WEI['account']}"))
        told(post("abb", "/transfers", transfer(19), "t9"), 500)
    browser.sign_in("amina", f"/console/corridors/{console.corridor}/cases/hold-{uetr(1)}")
    browser.send(f"/console/corridors/{console.corridor}/transfers/{uetr(1)}/parties", csrf=browser.csrf(), reason="complaint")
    assert LISTED["name"] in browser.text
    browser.send(f"/console/corridors/{console.corridor}/cases/{YASMINA['name']}/opinions", csrf=browser.csrf(), reasons=YASMINA["name"])
    written = log.getvalue()
    assert [value for value in PERSONAL for form in (value, json.dumps(value)[1:-1], quote(value)) if form in written] == []
    assert {line["status"] for line in answered(log)} >= {200, 201, 400, 401, 404, 422, 500}
    assert [line["logger"] for line in lines(log) if line["level"] == "error" and "exception" in line] == ["ledger.batching"]


def _fails_with(words: str) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(words)

    return fail


def test_who_signs_in_and_out_stands_in_the_log(console: ServedCorridor, browser: Browser, log: StringIO) -> None:
    """By the name they act under; a page that somebody may not see as well."""
    browser.sign_in("noor")
    browser.send(f"/console/corridors/{console.corridor}/transfers/{uetr(1)}/parties", csrf=browser.csrf(), reason="complaint")
    browser.send("/console/sign-out", csrf=browser.csrf())
    told_of = [(line["operation"], line["status"], line.get("problem")) for line in answered(log) if line.get("partner") == "auditor:noor"]
    assert told_of == [
        ("GET /console/callback", 303, None),
        ("GET /console", 200, None),
        ("GET /console/me", 200, None),
        ("POST /console/corridors/{corridor}/transfers/{uetr}/parties", 403, "not-permitted"),
        ("GET /console/me", 200, None),
        ("POST /console/sign-out", 303, None),
    ]


def test_secrets_of_a_session_do_not_reach_the_log(console: ServedCorridor, browser: Browser, log: StringIO) -> None:
    """Neither cookies nor codes, states and tokens of the sign-in."""
    browser.sign_in("amina")
    secret, csrf = str(browser.secret()), browser.csrf()
    written = log.getvalue()
    assert [word for word in (secret, csrf, "code=", "state=") if word in written] == []
    assert '"status": 303' in written


def test_prometheus_reads_what_happens_at_a_port_of_its_own(served: ServedCorridor) -> None:
    """Commands by outcome, waiting, batch sizes, commit times, lag, and who was not let in; the banks' port knows no such path."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    served.post("abb", "/transfers", transfer(1), "t1")
    told(served.post("psbc", f"/transfers/{uetr(9)}/pay", {}, "p1"), 404)
    told(served.get("abb", "/transfers", at_least=served.head()), 200)
    assert httpx.get(f"{served.url}/metrics").status_code == 401
    with served_metrics(served.service, served.app.state.failures, "127.0.0.1", 0) as port:
        assert port is not None
        page = httpx.get(f"http://127.0.0.1:{port()}/metrics").text
    said = {name: float(value) for name, _, value in (line.rpartition(" ") for line in page.splitlines() if not line.startswith("#"))}
    one = f'corridor="{served.corridor}"'
    counted = {name: value for name, value in said.items() if one in name and "_bucket" not in name and "_sum" not in name}
    assert counted == {
        f'corridor_commands_total{{{one},outcome="done"}}': 16.0,
        f'corridor_commands_total{{{one},outcome="refused"}}': 1.0,
        f'corridor_commands_total{{{one},outcome="replayed"}}': 1.0,
        f'corridor_commands_total{{{one},outcome="failed"}}': 0.0,
        f'corridor_commands_total{{{one},outcome="unknown"}}': 0.0,
        f"corridor_commands_waiting{{{one}}}": 0.0,
        f"corridor_batch_commands_count{{{one}}}": said[f"corridor_commit_seconds_count{{{one}}}"],
        f"corridor_commit_seconds_count{{{one}}}": said[f"corridor_commit_seconds_count{{{one}}}"],
        f"corridor_projection_lag_events{{{one}}}": 0.0,
    }
    assert said[f"corridor_batch_commands_sum{{{one}}}"] == 17.0
    assert said['corridor_signature_failures_total{kind="signature-missing"}'] == 1.0


def test_commands_and_commits_are_spans_where_somebody_traces(served: ServedCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds and counts only; nothing of what a command is about, no key, no person."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    ledger = served.service.ledger(served.corridor)
    tracer = provider.get_tracer("corridor")
    monkeypatch.setattr(ledger, "_tracer", tracer)
    monkeypatch.setattr(ledger.batcher, "_tracer", tracer)
    command = CloseCycle(corridor=served.corridor, actor="abb", idempotency_key=YASMINA["name"])
    ended = Event()
    # Called after those that were there before: the span's own.
    ledger.submit(ledger.request(command)).add_done_callback(lambda _: ended.set())
    assert ended.wait(60)
    spans = {(span.name, tuple(sorted((span.attributes or {}).items()))) for span in exporter.get_finished_spans()}
    assert spans == {
        ("commit", (("commands", 1), ("corridor", served.corridor))),
        ("command", (("command", "CloseCycle"), ("corridor", served.corridor))),
    }


def test_without_a_tracer_nothing_is_traced(served: ServedCorridor) -> None:
    """As long as nobody sets OpenTelemetry up."""
    assert served.service.ledger(served.corridor)._tracer is None


def test_the_idempotency_key_is_the_callers_own_and_stays_out_of_the_log(served: ServedCorridor, log: StringIO) -> None:
    """Callers have been seen to put names into it."""
    served.client.post(
        served.path("/transfers"), json=transfer(1), headers=idempotency_key(YASMINA["name"]), auth=served.signer("abb")
    ).raise_for_status()
    assert YASMINA["name"] not in log.getvalue()
