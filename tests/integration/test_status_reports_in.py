"""Status reports of a creditor agent: each says what became of a transfer, and each is answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.errors import KeyReused, NotPermitted, StillRunning, UnknownParticipant
from ledger.iso20022.credit_transfer import Product
from ledger.iso20022.errors import ElementMissing
from ledger.iso20022.pacs002 import StatusReport, read_pacs002, write_pacs002
from ledger.iso20022.parties import Agent
from ledger.messages import asking
from ledger.messages.incoming import take_in
from ledger.messages.taken import Outcome
from tests.integration.bank_messages import (
    HIT,
    MADE_AT,
    dispatched,
    do,
    file_of,
    head,
    replied,
    says,
    states,
    status_report,
    transfer_of,
)
from tests.integration.serviced import FRIDAY

ACCOUNT, CASH = Product.ACCOUNT_TO_ACCOUNT, Product.ACCOUNT_TO_CASH
NOWHERE = UUID("00000000-1111-4222-8333-444444444444")


def told(items: tuple[Outcome, ...]) -> list[tuple[str, str, str, str]]:
    """Of each answer: status, reason, rule and field."""
    return [(item.status, item.reason, item.rule, item.field) for item in items]


def test_each_status_is_a_step_and_each_is_answered(service: Service, corridor: str) -> None:
    """Accepted, paid, refused and pending in one file; one that speaks of nothing does not sink it."""
    uetrs = dispatched(service, corridor, *([ACCOUNT] * 4))
    report = status_report(
        "S1", says(uetrs[0], "ACSP", "G005"), says(uetrs[1], "ACCC"), says(NOWHERE, "ACCC"), says(uetrs[2], "RJCT", "AC04"),
        says(uetrs[3], "PDNG"),
    )  # fmt: skip

    taken = take_in(service, corridor, "psbc", report)

    assert states(service, corridor, uetrs) == ["accepted", "paid", "refunded", "dispatched"]
    assert told(taken.items) == [
        ("ACCP", "", "", ""),
        ("ACCP", "", "", ""),
        ("RJCT", "AG09", "transfer-unknown", "OrgnlUETR"),
        ("ACCP", "", "", ""),
        ("ACCP", "", "", ""),
    ]
    assert transfer_of(service, corridor, uetrs[2]).reason == "AC04"
    assert (taken.status, taken.message_id, taken.recognised) == ("part", "S1", False)
    reply = read_pacs002(taken.reply or b"")
    assert reply.message_id == "STS-pacs.002-S1"
    assert [(group.original.message_id, group.original.message, group.status, group.count) for group in reply.groups] == [
        ("S1", "pacs.002.001.10", "PART", 5)
    ]
    assert replied(taken.reply) == [
        (str(uetrs[0]), "ACCP", None),
        (str(uetrs[1]), "ACCP", None),
        (str(NOWHERE), "RJCT", "AG09"),
        (str(uetrs[2]), "ACCP", None),
        (str(uetrs[3]), "ACCP", None),
    ]
    assert reply.transfers[2].reasons[0].information[0] == "transfer-unknown OrgnlUETR"


def test_the_same_report_again_adds_nothing_and_gets_the_same_bytes(service: Service, corridor: str) -> None:
    """No event and no receipt, whatever happened in between."""
    uetrs = dispatched(service, corridor, ACCOUNT, ACCOUNT)
    report = status_report("S1", says(uetrs[0], "ACSP"), says(uetrs[0], "ACCC"), says(uetrs[1], "ACCC"), says(uetrs[1], "RJCT", "AC04"))
    first = take_in(service, corridor, "psbc", report)
    take_in(service, corridor, "psbc", status_report("S2", says(uetrs[0], "ACCC")))
    before = head(service, corridor)

    again = take_in(service, corridor, "psbc", report)

    assert head(service, corridor) == before
    assert (first.recognised, again.recognised) == (False, True)
    assert again.reply == first.reply
    assert told(again.items) == told(first.items)
    assert told(first.items)[3] == ("RJCT", "NARR", "step-out-of-order", "state")
    with pytest.raises(KeyReused):
        take_in(service, corridor, "psbc", status_report("S1", says(uetrs[0], "RJCT", "AC04")))


def test_what_is_said_again_is_taken_note_of(service: Service, corridor: str) -> None:
    """Settled and then credited, received and then accepted: banks send several words for one thing."""
    uetr, refused = dispatched(service, corridor, ACCOUNT, ACCOUNT)
    for number, status in enumerate(["RCVD", "ACTC", "ACSP", "PDNG", "ACSC", "ACCC", "ACSP"]):
        taken = take_in(service, corridor, "psbc", status_report(f"S{number}", says(uetr, status)))
        assert (taken.status, told(taken.items)) == ("accepted", [("ACCP", "", "", "")])
    for message_id in ("R1", "R2"):
        taken = take_in(service, corridor, "psbc", status_report(message_id, says(refused, "RJCT", "AC04")))
        assert taken.status == "accepted"
    assert states(service, corridor, [uetr, refused]) == ["paid", "refunded"]
    assert taken.items[0].sentence == "It changes nothing: the transfer was refunded already."


def test_contradictory_statuses_are_refused_by_name(service: Service, corridor: str) -> None:
    """F26: refused after paid, pending after paid, accepted after refused; what was booked stands."""
    paid, refused = dispatched(service, corridor, ACCOUNT, ACCOUNT)
    take_in(service, corridor, "psbc", status_report("S1", says(paid, "ACCC"), says(refused, "RJCT", "AC04")))

    taken = take_in(
        service, corridor, "psbc", status_report("S2", says(paid, "RJCT", "AC04"), says(paid, "PDNG"), says(refused, "ACSP"))
    )  # fmt: skip

    assert [(item.rule, item.sentence) for item in taken.items] == [
        ("step-out-of-order", f"Cannot refuse {paid}: it is paid. This step follows dispatched or accepted."),
        ("step-out-of-order", f"{paid} is not flagged unknown. Nothing is left to do."),
        ("step-out-of-order", f"Cannot accept {refused}: it is refunded. This step follows dispatched or paid."),
    ]
    assert states(service, corridor, [paid, refused]) == ["paid", "refunded"]


def test_a_payment_after_the_refund_is_kept_as_a_break(service: Service, corridor: str) -> None:
    """F26: refused, and then paid all the same. The claim is refused, and two officers find it in the list of breaks."""
    [uetr] = dispatched(service, corridor)
    take_in(service, corridor, "psbc", status_report("S1", says(uetr, "RJCT", "AC04")))

    taken = take_in(service, corridor, "psbc", status_report("S2", says(uetr, "ACCC")))

    [item] = taken.items
    assert (item.status, item.rule) == ("RJCT", "step-out-of-order")
    assert "was refunded before this payment was reported. The payment is kept as break" in item.sentence
    [(topic,)] = service.pool.rows(
        "SELECT topic FROM ledger.events WHERE corridor = %(corridor)s ORDER BY position DESC LIMIT 1", {"corridor": corridor}
    )
    assert topic.startswith("ReconciliationBreak.Found")


@pytest.mark.parametrize(
    ("status", "reason", "state"), [("ACCC", None, "paid"), ("RJCT", "AC04", "refunded"), ("PDNG", None, "dispatched")]
)
def test_any_answer_resolves_an_unknown_outcome(service: Service, corridor: str, status: str, reason: str | None, state: str) -> None:
    """The flag is lifted by the step itself, and by the word that nothing has happened yet."""
    [uetr] = dispatched(service, corridor)
    do(service, corridor, c.FlagUnanswered, "system:resolver", uetr=uetr, since=FRIDAY)
    assert transfer_of(service, corridor, uetr).unanswered

    taken = take_in(service, corridor, "psbc", status_report("S1", says(uetr, status, reason)))

    assert taken.status == "accepted"
    transfer = transfer_of(service, corridor, uetr)
    assert (transfer.state, transfer.unanswered) == (state, False)


def test_an_acceptance_said_again_resolves_an_unknown_outcome_too(service: Service, corridor: str) -> None:
    """Accepted before, silent since: the same word again is an answer."""
    [uetr] = dispatched(service, corridor)
    take_in(service, corridor, "psbc", status_report("S1", says(uetr, "ACSP")))
    do(service, corridor, c.FlagUnanswered, "system:resolver", uetr=uetr, since=FRIDAY)

    taken = take_in(service, corridor, "psbc", status_report("S2", says(uetr, "ACSP")))

    transfer = transfer_of(service, corridor, uetr)
    assert (taken.status, transfer.state, transfer.unanswered) == ("accepted", "accepted", False)


def test_cash_is_not_paid_by_a_message(service: Service, corridor: str) -> None:
    """A pacs.002 carries neither the identity check nor the code: refused by name, with the way that has both."""
    [uetr] = dispatched(service, corridor, CASH)

    taken = take_in(service, corridor, "psbc", status_report("S1", says(uetr, "CPUC")))

    [item] = taken.items
    assert (item.status, item.reason, item.rule) == ("RJCT", "NARR", "cash-proof-missing")
    assert item.sentence.endswith("A pacs.002 carries neither: report the payment by the API.")
    assert states(service, corridor, [uetr]) == ["dispatched"]


def test_rules_of_a_report_are_named_with_their_place(service: Service, corridor: str) -> None:
    """No UETR, no reason, a status that no transfer has, another bank's status; the good one beside them is done."""
    [uetr] = dispatched(service, corridor)
    good = says(uetr, "ACSP")
    foreign = StatusReport("x", MADE_AT, transfers=(good,)).transfers[0]
    report = write_pacs002(
        StatusReport(
            "S1",
            MADE_AT,
            transfers=(
                says(None, "ACSP"),
                says(uetr, "RJCT"),
                says(uetr, "RVNM"),
                type(foreign)(foreign.status, foreign.uetr, instructing_agent=Agent("ABBMMAMCXXX")),
                good,
            ),
        )
    )

    taken = take_in(service, corridor, "psbc", report)

    assert told(taken.items) == [
        ("RJCT", "CH21", "uetr-missing", "OrgnlUETR"),
        ("RJCT", "CH21", "rejection-reason-missing", "StsRsnInf/Rsn"),
        ("RJCT", "CH16", "status-not-taken", "TxSts"),
        ("RJCT", "RC03", "not-permitted", "InstgAgt"),
        ("ACCP", "", "", ""),
    ]
    assert states(service, corridor, [uetr]) == ["accepted"]


def test_a_refusal_in_the_banks_own_word_is_narrative(service: Service, corridor: str) -> None:
    """The log keeps codes of the external set only."""
    [uetr] = dispatched(service, corridor)
    take_in(service, corridor, "psbc", status_report("S1", says(uetr, "RJCT", word="branch closed")))
    assert (transfer_of(service, corridor, uetr).state, transfer_of(service, corridor, uetr).reason) == ("refunded", "NARR")


def test_a_transfer_that_was_not_sent_onward_is_not_there_for_its_creditor_agent(service: Service, corridor: str) -> None:
    """A hold is not told by how a status is refused: the words are those for a transfer that does not exist."""
    data, [transfer] = file_of(ACCOUNT, debtor=HIT)
    held = take_in(service, corridor, "abb", data)
    assert [item.status for item in held.items] == ["ACTC"]

    taken = take_in(
        service, corridor, "psbc", status_report("S1", says(transfer.uetr, "ACSP"), says(NOWHERE, "ACSP"), says(transfer.uetr, "PDNG"))
    )

    sentences = {item.sentence.replace(str(item.uetr), "…") for item in taken.items}
    assert told(taken.items) == [("RJCT", "AG09", "transfer-unknown", "OrgnlUETR")] * 3
    assert sentences == {"There is no transfer … to speak of. Check the UETR."}


def test_another_banks_report_is_not_acted_on(service: Service, corridor: str) -> None:
    """The debtor agent cannot say that its own transfer was paid, nor can a stranger; the file's own sender must be who sent it."""
    [uetr] = dispatched(service, corridor)
    taken = take_in(service, corridor, "abb", status_report("S1", says(uetr, "ACCC")))
    assert told(taken.items) == [("RJCT", "RC03", "not-permitted", "actor")]
    with pytest.raises(UnknownParticipant):
        take_in(service, corridor, "nobody", status_report("S1", says(uetr, "ACCC")))
    foreign = StatusReport("S2", MADE_AT, transfers=(says(uetr, "ACCC"),), instructing_agent=Agent("ABBMMAMCXXX"))
    with pytest.raises(NotPermitted, match="names ABBMMAMCXXX as its sender"):
        take_in(service, corridor, "psbc", write_pacs002(foreign))
    assert states(service, corridor, [uetr]) == ["dispatched"]


def test_a_report_that_stopped_in_the_middle_goes_on_where_it_stopped(
    service: Service, corridor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died after the first of its commands: the same report again does the rest, and nothing twice."""
    monkeypatch.setattr(asking, "CHUNK", 1)
    uetrs = dispatched(service, corridor, *([ACCOUNT] * 3))
    report = status_report("S1", *(says(uetr, "ACCC") for uetr in uetrs))

    def die(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(service, corridor, "psbc", report, progress=die)
    assert states(service, corridor, uetrs) == ["paid", "dispatched", "dispatched"]
    taken = take_in(service, corridor, "psbc", report)

    assert [(item.status, item.replayed) for item in taken.items] == [("ACCP", True), ("ACCP", False), ("ACCP", False)]
    assert states(service, corridor, uetrs) == ["paid"] * 3


def test_one_report_in_many_threads_has_one_effect(service: Service, corridor: str) -> None:
    """The bank's two gateways send it at the same time: everybody gets the same bytes, or is told to ask again."""
    uetrs = dispatched(service, corridor, *([ACCOUNT] * 3))
    report = status_report("S1", *(says(uetr, "ACCC") for uetr in uetrs), says(NOWHERE, "ACCC"))

    def send(_: int) -> bytes | None:
        while True:
            try:
                return take_in(service, corridor, "psbc", report).reply
            except StillRunning:
                continue

    with ThreadPoolExecutor(4) as threads:
        replies = set(threads.map(send, range(4)))

    assert replies == {take_in(service, corridor, "psbc", report).reply}
    assert states(service, corridor, uetrs) == ["paid"] * 3


def test_a_report_that_names_no_transaction_is_refused_whole(service: Service, corridor: str) -> None:
    """A group status alone does not say which transfers it is about."""
    before = head(service, corridor)
    with pytest.raises(ElementMissing, match="names no transaction"):
        take_in(service, corridor, "psbc", status_report("S1"))
    assert head(service, corridor) == before
