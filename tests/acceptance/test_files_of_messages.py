"""A pacs.008 comes in over HTTP: answered whole, each transfer for itself, and the same file never counts twice."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.signing import idempotency_key
from ledger.iso20022.admi002 import read_admi002
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.messages import incoming
from ledger.messages.received import Incoming
from ledger.messages.taken import Taken
from ledger.sandbox.generator import generate_pacs008, generate_transfers, group_of
from ledger.sandbox.planted_faults import PlantedKind, generate_faulty_pacs008
from tests.acceptance.conftest import ServedCorridor, told
from tests.integration.serviced import facts

SEED = 5
JSON = {"Accept": "application/json"}


def send(served: ServedCorridor, data: bytes, key: str, who: str = "abb", **headers: str) -> httpx.Response:
    """Sends a file as a bank does."""
    return served.client.post(
        served.path("/messages"), content=data, auth=served.signer(who),
        headers={"Content-Type": "application/xml", "Accept": "application/xml"} | idempotency_key(key) | headers,
    )  # fmt: skip


def plain(count: int, seed: int = SEED) -> bytes:
    """A file in which every transfer goes through at once."""
    return generate_pacs008(seed, count, facts(with_release_condition=False))


def test_one_bad_transfer_does_not_sink_its_file(served: ServedCorridor) -> None:
    """Nineteen go through; the answer names the one, what is wrong with it and the way out."""
    planted = generate_faulty_pacs008(SEED, 20, facts(with_release_condition=False), [PlantedKind.OVER_LIMIT])
    [fault] = planted.planted
    answer = told(send(served, planted.data, "f1", **JSON), 200)
    assert {k: v for k, v in answer.items() if k != "transfers"} == {
        "position": served.head(),
        "message": "pacs.008",
        "version": "pacs.008.001.08",
        "status": "part",
        "message_id": answer["message_id"],
        "received_at": "2026-03-27T09:00:00Z",
        "recognised": False,
        "taken": 19,
        "rejected": 1,
    }
    assert [t["index"] for t in answer["transfers"]] == list(range(1, 21))
    [rejected] = [t for t in answer["transfers"] if t["status"] == "RJCT"]
    assert (rejected["index"], rejected["uetr"], rejected["reason"], rejected["rule"], rejected["field"]) == (
        fault.index, str(fault.uetr), "AM02", "amount-over-limit", "amount",
    )  # fmt: skip
    assert rejected["sentence"].endswith("Send at most 50000.00 MAD.")
    assert {t["status"] for t in answer["transfers"] if t is not rejected} == {"ACTC"}
    listed = told(served.get("psbc", "/transfers", at_least=answer["position"], limit=500), 200)["transfers"]
    assert sorted(t["uetr"] for t in listed) == sorted(t["uetr"] for t in answer["transfers"] if t is not rejected)


def test_the_answer_is_a_pacs002_unless_json_is_liked_better(served: ServedCorridor) -> None:
    """The file's own answer, the same bytes each time it is asked for."""
    data = plain(3)
    first = send(served, data, "f1")
    assert (first.status_code, first.headers["Content-Type"]) == (200, "application/xml")
    assert b"urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10" in first.content
    assert re.findall(rb"<TxSts>(\w+)</TxSts>", first.content) == [b"ACTC"] * 3
    kinds = {
        accept: send(served, data, "f1", Accept=accept).headers["Content-Type"]
        for accept in ("*/*", "application/*", "application/json;q=0.4, application/xml;q=0.5", "application/xml;q=0.1, application/json")
    }
    assert kinds == {
        "*/*": "application/xml",
        "application/*": "application/xml",
        "application/json;q=0.4, application/xml;q=0.5": "application/xml",
        "application/xml;q=0.1, application/json": "application/json",
    }
    told(send(served, data, "f2", Accept="text/html"), 406)


def test_the_same_file_again_adds_nothing_under_any_key(served: ServedCorridor) -> None:
    """Known by its message id: same answer, byte for byte; under the same key it is marked as replayed."""
    data = plain(5)
    first = send(served, data, "f1")
    before = served.head()
    same_key, other_key = send(served, data, "f1"), send(served, data, "f2")
    assert (same_key.content, other_key.content) == (first.content, first.content)
    assert [answer.headers.get("Idempotent-Replayed") for answer in (first, same_key, other_key)] == [None, "true", None]
    assert told(send(served, data, "f3", **JSON), 200)["recognised"] is True
    assert served.head() == before


def test_a_key_or_a_message_id_that_comes_with_other_content_is_refused(served: ServedCorridor) -> None:
    """Neither may stand for two files."""
    told(send(served, plain(3), "f1", **JSON), 200)
    before = served.head()
    reused_key = told(send(served, plain(3, seed=6), "f1"), 422)
    transfers = list(generate_transfers(SEED, 2, facts(with_release_condition=False)))
    same_id = write_pacs008(group_of(SEED, 3, facts()), transfers)
    reused_id = told(send(served, same_id, "f2"), 422)
    assert (reused_key["type"], reused_id["type"]) == ("/problems/key-reused", "/problems/key-reused")
    assert served.head() == before


DOCTYPE = b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
UNREADABLE: dict[str, tuple[Any, str, int]] = {
    "not XML": (lambda data: b"UNA:+.? '", "not-xml", 400),
    "nothing": (lambda data: b"", "not-xml", 400),
    "truncated": (lambda data: data[: len(data) // 2], "truncated-message", 400),
    "an entity bomb": (lambda data: data.replace(b"<Document", DOCTYPE + b"<Document", 1), "forbidden-doctype", 400),
    "another namespace": (lambda data: data.replace(b"urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08", b"urn:example", 1),
                          "wrong-namespace", 400),
    "another message": (lambda data: data.replace(b"pacs.008.001.08", b"pain.001.001.09", 1), "unexpected-message", 400),
    "a version nobody reads": (lambda data: data.replace(b"pacs.008.001.08", b"pacs.008.001.99", 1), "unsupported-version", 400),
    "a count that is wrong": (lambda data: data.replace(b"<NbOfTxs>3<", b"<NbOfTxs>4<", 1), "transfer-count-wrong", 400),
    "a group header that is not there": (lambda data: re.sub(rb"<GrpHdr>.*</GrpHdr>", b"", data, flags=re.DOTALL), "element-missing", 400),
}  # fmt: skip


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_file_that_cannot_be_read_leaves_nothing(served: ServedCorridor, what: str) -> None:
    """Named as what it is, no event, no receipt: the whole file may be sent under the same key."""
    change, code, status = UNREADABLE[what]
    before = served.head()
    answer = told(send(served, change(plain(3)), "f1", **JSON), status)
    assert (answer["type"], answer["status"], bool(answer["way_out"])) == (f"/problems/{code}", status, True)
    assert served.head() == before
    told(send(served, plain(3), "f1", **JSON), 200)


@pytest.mark.parametrize("what", UNREADABLE)
def test_whoever_asks_for_xml_gets_an_admi002(served: ServedCorridor, what: str) -> None:
    """The same code and status, as a message; the same bytes each time; who takes problems too gets the problem."""
    change, code, status = UNREADABLE[what]
    first = send(served, change(plain(3)), "f1")
    assert (first.status_code, first.headers["Content-Type"]) == (status, "application/xml")
    reject = read_admi002(first.content)
    assert (reject.reason, reject.rejected_at) == (code, served.clock())
    served.clock.advance(timedelta(seconds=30))
    assert send(served, change(plain(3)), "f2").content == first.content
    for accept in ("*/*", "application/xml, application/problem+json", "application/xml, application/json;q=0.5"):
        assert told(send(served, change(plain(3)), "f3", Accept=accept), status)["type"] == f"/problems/{code}"


def test_a_message_that_nothing_answers_is_answered_with_nothing(served: ServedCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken in without a reply of its own: 204 for who wants XML, the JSON for who wants that."""

    def take_note(incoming: Incoming) -> Taken:
        came = incoming.receive("N-1", None)
        return Taken(
            message=incoming.message, version=incoming.version, message_id="N-1", received_at=came.received_at,
            recognised=came.recognised, items=(),
        )  # fmt: skip

    monkeypatch.setattr(incoming, "HANDLERS", {"camt.057": take_note})
    data = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.057.001.06"/>'
    served.register("abb-treasury", "abb", may=("treasury",))
    served.register("psbc-paying", "psbc", may=("pay",))

    def ask(who: str, key_id: str, kind: str) -> httpx.Response:
        return served.client.post(
            served.path("/messages"), content=data, auth=served.signer(who, key_id),
            headers={"Content-Type": "application/xml", "Accept": f"application/{kind}"} | idempotency_key(kind),
        )  # fmt: skip

    assert told(ask("psbc", "psbc-paying", "xml"), 403)["detail"].endswith("this needs treasury or settle.")
    answers = [ask("abb", "abb-treasury", kind) for kind in ("xml", "json")]
    assert [(answer.status_code, answer.headers["Corridor-Position"]) for answer in answers] == [(204, "0"), (200, "0")]
    assert (answers[0].content, answers[1].json()["status"], answers[1].json()["recognised"]) == (b"", "accepted", True)


def test_a_file_is_sent_by_its_own_bank_and_as_xml(served: ServedCorridor) -> None:
    """Another bank's file, a stranger's, and one that is declared as JSON are turned away."""
    data = plain(3)
    answers = {
        "psbc": told(send(served, data, "f1", who="psbc"), 403)["type"],
        "officer:amina": told(send(served, data, "f1", who="officer:amina"), 403)["type"],
        "as JSON": told(send(served, data, "f1", **{"Content-Type": "application/json"}), 415)["type"],
    }
    assert answers == {
        "psbc": "/problems/not-permitted",
        "officer:amina": "/problems/key-not-permitted",
        "as JSON": "/problems/content-type-wrong",
    }
