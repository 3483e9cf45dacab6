"""The client for partner engineers against a real service: for threads and for an event loop, with answers that get lost."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from api.corridor_client import (
    AnswerNotProven,
    AsyncCorridorClient,
    CorridorClient,
    OutcomeStillUnknown,
    Patience,
    ProblemAnswer,
    ServiceKeyKnown,
    checking,
)
from api.corridor_client.attempts import AnswerCheck
from api.schemas.quotes import QuoteBody
from api.schemas.transfers import RecallAnswerBody, RecallBody, RefuseBody, ReturnBody, TransferBody
from api.service_key import read_next_service_key, read_service_key
from ledger.bootstrap import Service
from ledger.key_files import generate
from ledger.sandbox.generator import generate_pacs008
from tests.acceptance.conftest import ServedCorridor, transfer, uetr
from tests.integration.serviced import facts

ORDER = TransferBody.model_validate(transfer(1))
UETR = UUID(uetr(1))


class LosesAnswers(httpx.HTTPTransport):
    """Sends every request, and loses so many of the first answers after the service has given them."""

    def __init__(self, losses: int) -> None:
        super().__init__()
        self.losses = losses

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if self.losses:
            self.losses -= 1
            response.read()
            raise httpx.ReadError("the connection was lost", request=request)
        return response


class LosesAnswersAsync(httpx.AsyncHTTPTransport):
    """The same for an event loop."""

    def __init__(self, losses: int) -> None:
        super().__init__()
        self.losses = losses

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if self.losses:
            self.losses -= 1
            await response.aread()
            raise httpx.ReadError("the connection was lost", request=request)
        return response


def known(served: ServedCorridor) -> ServiceKeyKnown:
    """The service's key, as a person told it to the bank: every answer of these tests is held to it."""
    key = read_service_key(served.service.settings)
    return ServiceKeyKnown(key.key_id, key.algorithm, key.public_key)


def client(served: ServedCorridor, who: str, losses: int = 0, **how: Any) -> CorridorClient:
    """A bank's client that waits for nothing."""
    how = {"transport": LosesAnswers(losses), "sleep": lambda seconds: None, "clock": served.clock, "check": checking(known(served))} | how
    return CorridorClient(served.url, served.corridor, served.signer(who), **how)


def async_client(served: ServedCorridor, who: str, losses: int = 0, **how: Any) -> AsyncCorridorClient:
    """The same for an event loop."""

    async def sleep(seconds: float) -> None:
        pass

    how = {"transport": LosesAnswersAsync(losses), "sleep": sleep, "clock": served.clock, "check": checking(known(served))} | how
    return AsyncCorridorClient(served.url, served.corridor, served.signer(who), **how)


@pytest.fixture
def abb(served: ServedCorridor) -> Iterator[CorridorClient]:
    """The debtor agent."""
    with client(served, "abb") as abb:
        yield abb


@pytest.fixture
def psbc(served: ServedCorridor) -> Iterator[CorridorClient]:
    """The creditor agent."""
    with client(served, "psbc") as psbc:
        yield psbc


def test_a_transfer_goes_from_its_quote_to_a_returned_part(served: ServedCorridor, abb: CorridorClient, psbc: CorridorClient) -> None:
    """Each side asks in its own turn, and reads what the other one did."""
    quote = abb.quote(QuoteBody(creditor_agent="psbc", amount="1000.00", currency="MAD"), key="q1")
    sent = abb.send_transfer(TransferBody.model_validate(transfer(1, quote=str(quote.quote))), key="t1")
    assert (sent.uetr, sent.state) == (UETR, "dispatched")
    assert psbc.accept(UETR, key="a1").state == "accepted"
    assert psbc.pay(UETR, key="p1").state == "paid"
    assert abb.recall(UETR, RecallBody(recall="CASE-7", reason="DUPL"), key="r1").state == "paid"
    assert psbc.answer_recall(UETR, "CASE-7", RecallAnswerBody(agreed=True, reason="CUST"), key="ra1").state == "paid"
    part = ReturnBody(return_id="RTR-1", amount="240.00", currency="CNY", reason="AC06")
    returned = psbc.return_part(UETR, part, key="rt1")

    seen = abb.transfer(UETR, at_least=returned.position)
    assert (seen.state, seen.recalls, seen.quote) == (returned.state, {"CASE-7": "agreed"}, quote.quote)
    assert abb.shown_quote(quote.quote).used_by == UETR
    assert [one.uetr for one in abb.transfers(seen.state, order="newest").transfers] == [UETR]
    assert {step.actor for step in abb.trail(UETR).steps} == {"abb", "psbc"}
    kinds = [step.kind for step in abb.feed(limit=2)]
    assert kinds == ["initiated", "dispatched", "accepted", "paid", "recall_requested", "recall_answered", "returned"]


def test_what_a_bank_may_read_comes_as_models(served: ServedCorridor, abb: CorridorClient) -> None:
    """Accounts with their lines, positions, terms and rates of one moment."""
    position = abb.send_transfer(ORDER, key="t1").position
    accounts = abb.accounts(at_least=position)
    assert accounts.position == position
    [standing] = [one for one in accounts.accounts if one.account == "abb:position:USD"]
    shown = abb.account("abb:position:USD", as_of=position)
    assert (shown.balance, shown.changed_position) == (standing.balance, standing.changed_position)
    assert [(line.reference, line.side) for line in abb.lines("abb:position:USD").lines] == [(UETR, "debit")]
    assert [(one.participant, one.position) for one in abb.positions().positions] == [("abb", shown.balance)]
    assert abb.in_flight().transfers == 1
    assert sorted(sheet.participant for sheet in abb.rate_sheets().rate_sheets) == ["abb", "psbc"]
    assert sorted(abb.terms().terms.participants) == ["abb", "psbc"]
    assert (abb.movements().movements, abb.cycles().cycles, abb.breaks().breaks) == ([], [], [])


def test_a_file_is_answered_as_a_model_and_as_a_message(served: ServedCorridor, abb: CorridorClient) -> None:
    """The same file under the same key, answered in two forms; it is taken in once."""
    data = generate_pacs008(5, 3, facts(with_release_condition=False))
    answer = abb.send_file(data, key="f1")
    assert (answer.taken, answer.rejected, [one.index for one in answer.transfers]) == (3, 0, [1, 2, 3])
    position = served.head()
    assert b"pacs.002" in abb.send_file_for_pacs002(data, key="f1")
    assert served.head() == position


def test_an_answer_lost_after_the_commit_leaves_one_transfer(served: ServedCorridor, abb: CorridorClient) -> None:
    """The second attempt finds the answer of the first: one transfer, funded once."""
    with client(served, "abb", losses=1) as losing:
        answer = losing.send_transfer(ORDER, key="t1")
    assert (answer.uetr, answer.state, answer.position) == (UETR, "dispatched", served.head())
    assert [one.uetr for one in abb.transfers(at_least=answer.position).transfers] == [UETR]
    assert [line.reference for line in abb.lines("abb:position:USD").lines] == [UETR]


def test_an_answer_lost_after_the_commit_leaves_one_transfer_from_an_event_loop_too(served: ServedCorridor, abb: CorridorClient) -> None:
    """The same story, awaited."""

    async def tell() -> tuple[Any, list[str]]:
        async with async_client(served, "abb", losses=1) as losing:
            sent = await losing.send_transfer(ORDER, key="t1")
            await losing.transfer(UETR, at_least=sent.position)
            return sent, [step.kind async for step in losing.feed(limit=1)]

    answer, kinds = asyncio.run(tell())
    assert (answer.uetr, answer.state, answer.position) == (UETR, "dispatched", served.head())
    assert kinds == ["initiated", "dispatched"]
    assert [line.reference for line in abb.lines("abb:position:USD", at_least=answer.position).lines] == [UETR]


def test_who_gave_up_learns_the_outcome_later_with_the_same_key(served: ServedCorridor, abb: CorridorClient) -> None:
    """All answers were lost, the transfer was sent once; the same question finds what became of it."""
    with client(served, "abb", losses=3, patience=Patience(attempts=3)) as losing, pytest.raises(OutcomeStillUnknown) as raised:
        losing.send_transfer(ORDER, key="t1")
    assert raised.value.key == "t1"
    position = served.head()
    answer = abb.send_transfer(ORDER, key="t1")
    assert (answer.uetr, answer.position, served.head()) == (UETR, position, position)


def test_a_refusal_is_raised_with_its_way_out_by_both_clients(served: ServedCorridor, psbc: CorridorClient) -> None:
    """Nobody refuses what was never sent."""

    async def tell() -> None:
        async with async_client(served, "psbc") as awaited:
            await awaited.refuse(UETR, RefuseBody(reason="AC04"), key="rf1")

    with pytest.raises(ProblemAnswer) as raised:
        psbc.refuse(UETR, RefuseBody(reason="AC04"), key="rf1")
    with pytest.raises(ProblemAnswer) as awaited:
        asyncio.run(tell())
    assert (raised.value.type, raised.value.status, raised.value.transient) == ("/problems/transfer-unknown", 404, False)
    assert (raised.value.field, raised.value.value, raised.value.decided) == ("uetr", str(UETR), True)
    assert str(awaited.value) == str(raised.value)


def test_a_key_that_nobody_registered_is_not_tried_twice(served: ServedCorridor) -> None:
    """The problem says what is wrong; the transfer was not sent."""
    position = served.head()
    unregistered = CorridorClient(served.url, served.corridor, served.signer("abb", "abb-lost"), sleep=pytest.fail)
    with unregistered, pytest.raises(ProblemAnswer) as raised:
        unregistered.send_transfer(ORDER, key="t1")
    assert (raised.value.type, raised.value.status) == ("/problems/signing-key-unknown", 401)
    assert served.head() == position


def test_an_answer_of_somebody_else_is_not_believed(served: ServedCorridor) -> None:
    """A service that signs by another key than the bank was told of; the command was done all the same, and its key says so."""
    other = checking(known(served)._replace(public_key="00" * 32))
    with client(served, "abb", check=other) as deceived, pytest.raises(AnswerNotProven, match="does not verify"):
        deceived.send_transfer(ORDER, key="t1")
    with client(served, "abb") as abb:
        assert abb.send_transfer(ORDER, key="t1").state == "dispatched"
        assert [row.uetr for row in abb.transfers(at_least=served.head()).transfers] == [UETR]


def test_while_the_services_key_is_followed_by_another_both_are_believed(served: ServedCorridor, tmp_path: Path) -> None:
    """Of two processes one signs by the old key and one by the next, which the banks were told of beforehand. A bank that knows both takes
    the answers of either; afterwards the next one alone is believed where the old one was dropped."""
    old = known(served)
    generate(tmp_path / "next.pem", "ed25519")
    settings = served.service.settings
    following = read_next_service_key(settings.model_copy(update={"service_key_next_file": tmp_path / "next.pem"}))
    assert following is not None
    new = ServiceKeyKnown(following.key_id, following.algorithm, following.public_key)
    with Service(settings.model_copy(update={"service_key_file": tmp_path / "next.pem"}), clock=served.clock) as second:
        restarted = ServedCorridor(second, served.corridor, served.clock)
        restarted.nonces = served.nonces
        try:
            for check, believed in ((checking(old, new), (True, True)), (checking(old), (True, False)), (checking(new), (False, True))):
                assert tuple(_believes(process, check) for process in (served, restarted)) == believed
        finally:
            restarted.close()


def _believes(served: ServedCorridor, check: AnswerCheck) -> bool:
    with client(served, "abb", check=check) as abb:
        try:
            return abb.terms().position > 0
        except AnswerNotProven:
            return False
