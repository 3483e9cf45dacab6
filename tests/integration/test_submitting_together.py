"""Commands queued together share a commit; receipts looked up together are as good as those looked up one by one."""

from __future__ import annotations

from uuid import UUID

import pytest

from ledger import commands as c
from ledger.application import Asked
from ledger.bootstrap import Service
from ledger.domain import ids
from ledger.errors import KeyReused, StillRunning


def quotes(corridor: str, count: int) -> list[c.AskQuote]:
    """Quotes for MAD 1,000.00, each under a key of its own."""
    return [
        c.AskQuote(
            corridor=corridor, actor="abb", idempotency_key=f"quote {number}", quote=UUID(int=number, version=4),
            creditor_agent="psbc", amount=100_000, currency="MAD",
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


def test_commands_queued_together_are_decided_in_one_commit_in_their_order(service: Service, corridor: str) -> None:
    """All answers stand at one boundary, and the events in the order of asking."""
    answers = service.ledger(corridor).execute_all(quotes(corridor, 50))

    assert len({answer.position for answer in answers}) == 1
    before = answers[0].position - 50
    log = service.ledger(corridor).log_store
    assert [event.stream_id for event in log.read_page(log.boundary_at(before), 100)] == [one.quote for one in quotes(corridor, 50)]


def test_commands_with_one_key_are_not_queued_together(service: Service, corridor: str) -> None:
    """All or none: the other command of the list is not decided either."""
    ledger = service.ledger(corridor)
    head = ledger.log_store.head().position
    first, second = quotes(corridor, 2)
    with pytest.raises(StillRunning):
        ledger.execute_all([first, second, second])
    assert ledger.log_store.head().position == head


def test_receipts_looked_up_together_are_those_looked_up_one_by_one(service: Service, corridor: str) -> None:
    """Unknown keys are left out; no keys, no trip."""
    ledger = service.ledger(corridor)
    ledger.execute_all(quotes(corridor, 3))
    digests = [ids.receipt_digest("abb", f"quote {number}") for number in (1, 2, 3, 4)]

    found = ledger.log_store.replay_receipts(digests)

    assert found == {digest: ledger.log_store.receipt(digest) for digest in digests[:3]}
    assert ledger.log_store.replay_receipts([]) == {}


def test_a_message_id_stands_for_one_content(service: Service, corridor: str) -> None:
    """The receipt alone remembers it: no event; the same bytes are recognised, others are refused."""
    ledger = service.ledger(corridor)
    head = ledger.log_store.head().position
    received = c.ReceiveMessage(corridor=corridor, actor="abb", idempotency_key="pacs.008/M-1", message_id="M-1")
    first = ledger.execute(received, Asked("FILE", "pacs.008/M-1", b"<Document/>"))
    again = ledger.execute(received, Asked("FILE", "pacs.008/M-1", b"<Document/>"))
    with pytest.raises(KeyReused):
        ledger.execute(received, Asked("FILE", "pacs.008/M-1", b"<Document />"))

    assert first.result == {"message_id": "M-1", "changed": False}
    assert again == first._replace(replayed=True)
    assert ledger.log_store.head().position == head
