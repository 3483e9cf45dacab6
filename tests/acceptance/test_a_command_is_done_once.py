"""A command is done at most once, however often, by whomever and at whatever moment it is repeated."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import httpx
import pytest

from api.signing import idempotency_key
from ledger.domain import ids
from tests.acceptance.conftest import ServedCorridor, told, transfer, uetr

KEY_REUSED = {
    "type": "/problems/key-reused",
    "title": "The idempotency key was used for another request",
    "status": 422,
    "detail": "The idempotency key was used for another request.",
    "way_out": "Use a new key for a new request.",
    "transient": False,
}
STILL_RUNNING = {
    "type": "/problems/still-running",
    "title": "The command is being decided",
    "status": 409,
    "detail": "A command with this idempotency key is being decided.",
    "way_out": "Ask again shortly with the same key.",
    "transient": True,
}


def test_a_repeated_transfer_gets_the_same_answer_and_moves_no_money(served: ServedCorridor) -> None:
    """Same key, same body: same status and same bytes, marked as replayed, and the log does not grow."""
    first = served.post("abb", "/transfers", transfer(), "t1")
    position = served.head()
    again = served.post("abb", "/transfers", transfer(), "t1")
    assert (again.status_code, again.content) == (201, first.content)
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert again.headers["Corridor-Position"] == first.headers["Corridor-Position"] == str(position)
    assert served.head() == position


def test_a_repeat_writes_no_second_person_into_the_vault(served: ServedCorridor) -> None:
    """The stored answer is looked up before the parties are, so a retry leaves no orphan behind."""
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    count = "SELECT count(*) FROM vault.subjects"
    before = served.service.pool.rows(count)
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    assert served.service.pool.rows(count) == before


def test_a_repeated_step_is_answered_as_the_first_time_even_after_the_transfer_moved_on(served: ServedCorridor) -> None:
    """An acceptance repeated after the payment still answers what it answered then."""
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    first = served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1")
    told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 200)
    again = served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1")
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (200, first.content, "true")


def test_a_refusal_is_an_answer_and_is_replayed_word_for_word(served: ServedCorridor) -> None:
    """It stays refused under its key even when the rule would pass by then; a new key is decided anew."""
    first = served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1")
    assert first.status_code == 404
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    again = served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1")
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (404, first.content, "true")
    assert again.headers["Content-Type"] == "application/problem+json"
    told(served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a2"), 200)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/transfers", transfer(1, amount="1000.01")),
        ("/transfers", transfer(2)),
        ("/quotes", transfer(1)),
        (f"/transfers/{uetr(1)}/cancel", {}),
    ],
    ids=["another amount", "another transfer", "another path", "another command"],
)
def test_a_key_that_comes_back_with_another_request_is_refused(served: ServedCorridor, path: str, body: object) -> None:
    """Another body or another path under a key that was used: 422, and nothing happens."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    position = served.head()
    if path == "/quotes":
        body = {"creditor_agent": "psbc", "amount": "1000.00", "currency": "MAD"}
    reused = served.post("abb", path, body, "t1")
    assert told(reused, 422) == KEY_REUSED
    assert served.head() == position


def test_the_keys_of_two_partners_are_not_the_same_key(served: ServedCorridor) -> None:
    """Each partner chooses keys of its own; the same text from another partner is another key."""
    told(served.post("abb", "/transfers", transfer(), "the same"), 201)
    told(served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "the same"), 200)
    told(served.post("abb", "/transfers", transfer(), "the same"), 201)


def test_while_a_command_is_being_decided_its_twin_is_told_to_come_back(served: ServedCorridor) -> None:
    """Two of the same at once: one is decided, the other gets 409 with Retry-After, and asking again finds the answer."""
    log = served.service.ledger(served.corridor).log_store
    with ThreadPoolExecutor(2) as callers:
        with log.begin():  # whoever holds the head of the log holds up the batch
            twins = [callers.submit(served.post, "psbc", f"/transfers/{uetr(1)}/accept", {}, "a1") for _ in range(2)]
            [turned_away], _ = wait(twins, return_when=FIRST_COMPLETED, timeout=30)
        [decided] = [twin.result() for twin in twins if twin is not turned_away]
    assert told(turned_away.result(), 409) == STILL_RUNNING
    assert turned_away.result().headers["Retry-After"] == "1"
    assert decided.status_code == 404
    assert served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1").content == decided.content


def test_twenty_of_the_same_transfer_at_once_have_one_effect(served: ServedCorridor) -> None:
    """Each is told the one answer, or to come back; one transfer is in the log."""
    before = served.head()
    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(lambda _: served.post("abb", "/transfers", transfer(), "t1"), range(20)))
    settled = [_until_decided(served, answer) for answer in answers]
    assert {(answer.status_code, answer.content) for answer in settled} == {(201, settled[0].content)}
    initiated = [row.topic for row in served.service.ledger(served.corridor).log_store.read_page(before, 1000)]
    assert initiated.count("Transfer.Initiated.v1") == 1


def _until_decided(served: ServedCorridor, answer: httpx.Response) -> httpx.Response:
    while answer.status_code == 409:
        assert answer.json() == STILL_RUNNING
        answer = served.post("abb", "/transfers", transfer(), "t1")
    return answer


def test_a_command_without_a_key_is_not_done(served: ServedCorridor) -> None:
    """400, before anything else is looked at."""
    position = served.head()
    answer = served.client.post(served.path("/transfers"), json=transfer(), auth=served.signer("abb"))
    assert told(answer, 400) == {
        "type": "/problems/idempotency-key-missing",
        "title": "The idempotency key is missing",
        "status": 400,
        "detail": "A command needs an idempotency key.",
        "field": "Idempotency-Key",
        "way_out": 'Send a key of your own in quotes, such as "2026-03-27/4711", and the same one when you repeat the command.',
        "transient": False,
    }
    assert served.head() == position


@pytest.mark.parametrize("field", ["unquoted", '"half', '""', '"a", "b"', '"a";p=1', "7", '"' + "k" * 201 + '"'])
def test_a_key_is_a_quoted_string_and_nothing_else(served: ServedCorridor, field: str) -> None:
    """RFC 8941 strings only: a token, a number, a list, parameters or too long a text are told apart from a key."""
    answer = served.client.post(served.path("/transfers"), json=transfer(), headers={"Idempotency-Key": field}, auth=served.signer("abb"))
    assert told(answer, 400) == {
        "type": "/problems/idempotency-key-malformed",
        "title": "The idempotency key is not valid",
        "status": 400,
        "detail": "The idempotency key is not a quoted string.",
        "field": "Idempotency-Key",
        "way_out": "Send 1 to 200 printable ASCII characters in double quotes (RFC 8941 §3.3.3).",
        "transient": False,
    }


def test_two_keys_are_none(served: ServedCorridor) -> None:
    """Sent on two lines they are one signed value, and that is no string: neither is taken for the only one."""
    headers = [("Idempotency-Key", '"first"'), ("Idempotency-Key", '"second"'), ("Content-Type", "application/json")]
    request = httpx.Request("POST", served.url + served.path("/cycles"), content=b"{}", headers=headers)
    answer = served.client.send(request, auth=served.signer("operator:ops"))
    assert told(answer, 400)["type"] == "/problems/idempotency-key-malformed"


def test_a_request_that_cannot_be_read_burns_no_key(served: ServedCorridor) -> None:
    """A malformed body leaves no receipt, so the mended request may use the same key."""
    told(served.post("abb", "/transfers", transfer(amount="1000.001"), "t1"), 400)
    told(served.post("abb", "/transfers", {"uetr": uetr(1)}, "t1"), 400)
    assert served.service.ledger(served.corridor).log_store.receipt(ids.receipt_digest("abb", "t1")) is None
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)


def test_a_key_may_hold_quotes_and_backslashes(served: ServedCorridor) -> None:
    """They are escaped on the wire and are part of the key."""
    key = 'a "quoted\\key"'
    assert idempotency_key(key) == {"Idempotency-Key": '"a \\"quoted\\\\key\\""'}
    told(served.post("abb", "/transfers", transfer(), key), 201)
    assert served.service.ledger(served.corridor).log_store.receipt(ids.receipt_digest("abb", key)) is not None
