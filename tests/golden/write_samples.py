"""Writes the golden samples of events that have none yet: ``python -m tests.golden.write_samples``.

A sample is the exact state of one stored event, taken from a story that uses every command. A stored version never changes, so a sample
is written once and never again: an event that has to change gets a new topic version and an upcaster, and its old sample stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from ledger import commands as c
from ledger.commands import Command
from ledger.domain.transfer import collection_code_digest
from ledger.eventstore.records import RecordedEvent
from tests.unit.corridor_fixtures import (
    ABB,
    AMINA,
    BAO,
    COMMITMENTS,
    CONDITION,
    DEADLINES,
    DEBTOR,
    ED25519_KEYS,
    FRIDAY,
    HIT,
    NIGHT_JOB,
    NOW,
    OPEN,
    OPERATOR,
    P256_KEY,
    PSBC,
    RATES,
    RESOLVER,
    SETTLEMENT_BANK,
    approve_key,
    ask,
    initiate,
    opinion,
    quote_id,
    register_key,
    terms,
    uetr,
)
from tests.unit.memory_ledger import MemoryLedger

SAMPLES = Path(__file__).parent / "events"
CODE = "0123456789"
MESSAGE = UUID(int=77)


def story() -> tuple[MemoryLedger, list[Command]]:
    """One corridor in which everything happens once, and the commands that made it happen."""
    ledger, told = MemoryLedger(), []

    def tell(*commands: Command) -> None:
        for command in commands:
            ledger.run(command)
            told.append(command)

    tell(OPEN, *RATES)
    # Two of one batch, so that an account's event has lines of both.
    ledger.batch(initiate(8), initiate(9))
    tell(*_the_corridor(), *_the_keys(), *_a_quoted_cash_transfer(), *_holds_and_freezes(), *_people(), *_recalls_and_returns())
    ledger.clock.advance(timedelta(days=11))
    tell(ask(c.ExpireTransfer, DEADLINES, uetr=uetr(6)))
    tell(*_settlement(), *_treasury(), *_breaks())
    ledger.clock.advance(timedelta(days=3654))
    tell(ask(c.EndRetention, "system:retention", uetr=uetr(6)))
    return ledger, told


def _the_corridor() -> Iterable[Command]:
    yield ask(c.OpenCorridor, OPERATOR, key="v2", agreement=terms(2, abb_cap="1000.00"))
    yield ask(c.SetAccountStatus, AMINA, key="1", account="abb:position:USD", status="frozen")
    yield from (ask(c.SetAccountStatus, officer, key="2", account="abb:position:USD", status="open") for officer in (AMINA, BAO))


def _the_keys() -> Iterable[Command]:
    yield from (register_key(), approve_key())
    yield register_key(key_id="psbc-1", principal=PSBC, algorithm="ecdsa-p256-sha256", public_key=P256_KEY)
    yield ask(c.DeclineKey, BAO, key_id="psbc-1", reason="not the key psbc told us on the telephone")
    year = {"valid_from": NOW, "valid_until": NOW + timedelta(days=365), "replaced_until": NOW + timedelta(days=7)}
    yield ask(c.RotateKey, OPERATOR, key_id="abb-2", replaces="abb-1", public_key=ED25519_KEYS[1], **year)
    yield approve_key(key_id="abb-2", public_key=ED25519_KEYS[1])
    yield ask(c.RevokeKey, AMINA, key="stolen", key_id="abb-1", reason="a laptop was stolen")
    yield ask(c.LiftKeySuspension, BAO, key_id="abb-1", reason="the laptop was found, still locked")
    yield ask(c.RevokeKey, AMINA, key="seen", key_id="abb-1", reason="seen by a stranger")
    yield ask(c.RevokeKey, BAO, key_id="abb-1", reason="confirmed with abb")


def _a_quoted_cash_transfer() -> Iterable[Command]:
    yield ask(c.ReceiveMessage, ABB, message_id="MSG-1")
    quote, code = quote_id(), collection_code_digest(uetr(1), CODE)
    said = {"creditor_agent": PSBC, "amount": 1_000_00, "currency": "MAD", "charge_bearer": "SHAR"}
    yield ask(c.AskQuote, ABB, quote=quote, cause="a customer at a counter", **said)
    yield initiate(
        quote=quote,
        product="account_to_cash",
        purpose="FAMI",
        evidence=("identity", "kinship"),
        charge_bearer="SHAR",
        commitments=COMMITMENTS | {"creditor.town": "d2" * 32},
        condition=CONDITION,
        collection_code_digest=code,
        stated_settlement=100_00,
        cause="pacs.008 MSG-1",
    )
    yield ask(c.MeetCondition, PSBC, uetr=uetr(1), reference=CONDITION.reference)
    yield ask(c.AcceptTransfer, PSBC, uetr=uetr(1))
    yield ask(c.FlagUnanswered, RESOLVER, uetr=uetr(1), since=NOW)
    yield ask(c.ResolveUnanswered, PSBC, uetr=uetr(1), outcome="pending")
    yield ask(c.PayTransfer, PSBC, uetr=uetr(1), identity_checked=True, code=CODE)


def _holds_and_freezes() -> Iterable[Command]:
    yield initiate(2, screened=HIT)
    yield from (opinion(officer, f"hold-{uetr(2)}", "reject") for officer in (AMINA, BAO))
    yield initiate(3, screened=HIT)
    yield from (ask(c.SetAccountStatus, AMINA, key="3", account="abb:position:USD", status="frozen"), opinion(AMINA, f"hold-{uetr(3)}"))
    yield opinion(BAO, f"hold-{uetr(3)}")
    yield from (ask(c.SetAccountStatus, officer, key="4", account="abb:position:USD", status="open") for officer in (AMINA, BAO))
    yield ask(c.FundTransfer, ABB, uetr=uetr(3))
    yield ask(c.FreezeTransfer, AMINA, uetr=uetr(3))
    yield from (opinion(officer, f"freeze-{uetr(3)}-5") for officer in (AMINA, BAO))
    yield ask(c.RefuseTransfer, PSBC, uetr=uetr(3), reason="AC04")


def _people() -> Iterable[Command]:
    yield ask(c.ReadPersonalData, AMINA, uetr=uetr(2), reason="case", case=f"hold-{uetr(2)}")
    yield ask(c.ReadReceivedMessage, AMINA, message=MESSAGE, reason="investigation")
    yield from (ask(c.ErasePerson, officer, subject=DEBTOR, reason="retention_ended") for officer in (AMINA, BAO))


def _recalls_and_returns() -> Iterable[Command]:
    yield initiate(4)
    yield ask(c.RequestRecall, ABB, uetr=uetr(4), recall="CASE-1", reason="DUPL")
    yield ask(c.AnswerRecall, PSBC, uetr=uetr(4), recall="CASE-1", agreed=True, reason="CUST")
    yield initiate(5, condition=CONDITION)
    yield ask(c.CancelTransfer, ABB, uetr=uetr(5))
    yield initiate(6, condition=CONDITION)
    yield initiate(7)
    yield ask(c.PayTransfer, PSBC, uetr=uetr(7))
    yield ask(c.ReturnTransfer, PSBC, uetr=uetr(7), return_id="RET-1", amount=333_33, reason="AC04")


def _settlement() -> Iterable[Command]:
    yield ask(c.FundPosition, SETTLEMENT_BANK, participant=ABB, amount=50_00, currency="USD", reference="P-1")
    yield ask(
        c.AnnouncePayIn, ABB, participant=ABB, amount=50_00, currency="USD", reference="announced:abb:N-1/G-1/I-1",
        expected_on=date(2026, 4, 1), account=None,
    )  # fmt: skip
    yield ask(c.RequestWithdrawal, ABB, participant=ABB, amount=10_00, currency="USD", reference="W-1")
    yield ask(c.ConfirmWithdrawal, SETTLEMENT_BANK, reference="W-1", bank_reference="BANK-W-1")
    yield ask(c.ChargeSettlement, SETTLEMENT_BANK, participant=ABB, amount=5_00, currency="USD", reference="F-1")
    yield ask(c.CloseCycle, OPERATOR)
    yield ask(c.ConfirmPayIn, SETTLEMENT_BANK, cycle=1, participant=ABB, amount=322_70, bank_reference="IN-1")
    yield ask(c.ConfirmPayOut, SETTLEMENT_BANK, cycle=1, participant=PSBC, amount=155_70, bank_reference="OUT-1")


def _treasury() -> Iterable[Command]:
    yield ask(c.MoveCash, PSBC, participant=PSBC, kind="float_in", amount=9_000_00, currency="CNY", reference="C-1")


def _breaks() -> Iterable[Command]:
    found = c.FoundBreak(
        break_id="B-1",
        break_class="missing_in_ledger",
        account="psbc:cash:CNY",
        difference=-25_00,
        statement="STMT-1",
        reference="BANK-REF",
        business_date=FRIDAY,
    )
    yield ask(c.RecordBreaks, NIGHT_JOB, found=(found,))
    yield from (ask(c.ParkBreak, officer, break_id="B-1") for officer in (AMINA, BAO))
    yield from (
        ask(c.ResolveBreak, officer, break_id="B-1", to_account="psbc:own:CNY", explanation="the bank's fee") for officer in (BAO, AMINA)
    )


def richest(rows: Iterable[RecordedEvent]) -> dict[str, bytes]:
    """Of each topic the state that says most."""
    samples: dict[str, bytes] = {}
    for row in rows:
        samples[row.topic] = max(samples.get(row.topic, b""), row.state, key=len)
    return samples


def write(folder: Path) -> list[str]:
    """Writes what is missing in ``folder`` and returns the topics written; what is there stays as it is."""
    written = []
    for topic, state in sorted(richest(story()[0].rows).items()):
        path = folder / f"{topic}.json"
        if not path.exists():
            path.write_bytes(state + b"\n")
            written.append(topic)
    return written


if __name__ == "__main__":
    print("\n".join(write(SAMPLES)) or "Every event has its sample.")
