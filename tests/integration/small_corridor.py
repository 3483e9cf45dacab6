"""A corridor of two banks small enough to reckon by hand, driven through the batcher.

Its tariff gives the example of the posting table: MAD 1,000.00 sent with a fee of MAD 30.00 settles as USD 100.00, pays out
CNY 720.00 and earns the paying bank USD 1.00. Instants, keys and UETRs are counted, so two runs write the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder

from ledger import commands as c
from ledger.batching import Answer, Batcher, Request, decode_answer
from ledger.clock import SetClock
from ledger.domain.calendar import Calendar
from ledger.domain.money import Rounding
from ledger.domain.posting import CashKind
from ledger.domain.pricing import ChargeBearer
from ledger.domain.terms import Leg, Participant, Purpose, Quoting, Settlement, Terms
from ledger.domain.transfer import collection_code_digest
from ledger.domain.transfer_events import Condition, Screened
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.mapper import EventMapper

START = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)  # a Monday
CLEAR = Screened(list_name="invented", list_version="1", outcome="clear", commitment="00" * 32)
HIT = Screened(list_name="invented", list_version="1", outcome="hit", commitment="11" * 32)
CODE = "493817"


def calendar(zone: str = "UTC") -> Calendar:
    """A calendar in which only weekends are free."""
    return Calendar(
        zone=zone, weekend=(6, 7), holidays=(), valid_through=date(2027, 12, 31), cut_off=time(16, 0), source="invented for tests"
    )


def small_terms(code: str, *, version: int = 1, cap: str = "250000.00", retained: str = "0.00") -> Terms:
    """Terms of two banks, `abb` and `psbc`, settling in USD; both directions, the same tariff in each currency."""

    def leg(debtor_agent: str, creditor_agent: str) -> Leg:
        return Leg(
            debtor_agent=debtor_agent, creditor_agent=creditor_agent, fee_flat="30.00", fee_basis_points=0, remuneration="1.00",
            creditor_fee="5.00", fee_given_back_when=("refused", "expired", "condition_lapsed"), min="10.00", max="100000.00",
            products=("account_to_account", "cash_to_cash"), cash_days_to_collect=7, purposes=(Purpose(code="FAMI"),),
            required_fields=(), screening_list="invented",
        )  # fmt: skip

    def participant(name: str, country: str, currency: str, bic: str) -> Participant:
        return Participant(
            name=name, country=country, currency=currency, bic=bic, statement_account=f"{bic}-1", cap=cap, retained=retained,
            calendar=calendar(),
        )  # fmt: skip

    return Terms(
        code=code,
        version=version,
        effective_from=date(2026, 1, 1),
        name="A small corridor",
        retention_years=10,
        unanswered_minutes=30,
        return_rate="original",
        settlement=Settlement(
            currency="USD", holder="abb, in trust", bank_bic="SETLUS33XXX", statement_account="36001230", calendar=calendar()
        ),
        participants={
            "abb": participant("Al-Barid Bank", "MA", "MAD", "ABBMMAMCXXX"),
            "psbc": participant("Postal Savings Bank of China", "CN", "CNY", "PSBCCNBJXXX"),
        },
        legs=(leg("abb", "psbc"), leg("psbc", "abb")),
        quoting=Quoting(rounding=Rounding.HALF_EVEN, quote_seconds=900, sheet_hours=96, tolerance_basis_points=10),
    )


def uetr_of(number: int) -> UUID:
    """The UETR of the transfer with this number, shaped like a UUIDv4 (RFC 9562 §5.4)."""
    return UUID(int=number << 80, version=4)


class SmallCorridor:
    """A corridor under test: its log, its clock and one method a step. Every step asserts that it was accepted."""

    def __init__(self, url: str, code: str, announce: Callable[[str, int], None] | None = None) -> None:
        self.url = url
        self.code = code
        self.clock = SetClock(START)
        self.pool = PostgresPool(url)
        self.log = Log(self.pool, code, announce)
        self.batcher = Batcher(self.log, EventMapper(JSONTranscoder()), self.clock)
        self._asked = 0

    def close(self) -> None:
        """Decides what waits and closes the connections."""
        self.batcher.close()
        self.pool.close()

    # Asking

    def answer(self, command: c.Command) -> Answer:
        """The answer to one command, refusal or not."""
        return decode_answer(self.batcher.submit(Request(command, b"\0" * 32)).result(timeout=30))

    def do(self, kind: type[c.Command], actor: str, /, **facts: Any) -> dict[str, Any]:
        """Submits a command of ``kind`` under a key of its own and gives its result."""
        answer = self.answer(self.command(kind, actor, **facts))
        assert answer.refusal is None, answer.refusal
        return cast(dict[str, Any], answer.result)

    def refuse(self, kind: type[c.Command], actor: str, /, **facts: Any) -> str:
        """Submits a command that must be refused and gives the refusal's code."""
        answer = self.answer(self.command(kind, actor, **facts))
        assert answer.refusal is not None, answer.result
        return str(answer.refusal["code"])

    def command(self, kind: type[c.Command], actor: str, /, **facts: Any) -> c.Command:
        """A command of ``kind`` under the next idempotency key."""
        self._asked += 1
        return kind(corridor=self.code, actor=actor, idempotency_key=f"key-{self._asked}", cause=f"cause {self._asked}", **facts)

    def together(self, *commands: c.Command) -> list[Answer]:
        """Submits commands at once, so that several of them share commits; the answers in their order."""
        futures = [self.batcher.submit(Request(command, b"\0" * 32)) for command in commands]
        return [decode_answer(future.result(timeout=30)) for future in futures]

    def wait(self, **by: float) -> None:
        """Lets time pass: ``wait(minutes=31)``."""
        self.clock.advance(timedelta(**by))

    # The corridor

    def open(self, *, cap: str = "250000.00", retained: str = "0.00", prefund: int = 1_000_000) -> None:
        """Opens the corridor, publishes MAD 10.00 and CNY 7.20 for a dollar, and prefunds both positions (minor units of USD)."""
        self.do(c.OpenCorridor, "operator:test", agreement=small_terms(self.code, cap=cap, retained=retained))
        self.publish_rates("1")
        if prefund:
            for participant in ("abb", "psbc"):
                self.fund_position(participant, prefund, f"prefund-{participant}")

    def publish_rates(self, sheet: str) -> None:
        """Both banks' sheets, valid for thirty days from now."""
        for participant, rate in (("abb", "10.00"), ("psbc", "7.20")):
            self.do(
                c.PublishRateSheet, participant, sheet=f"{participant}-{sheet}", rates={"USD": Decimal(rate)}, source="invented for tests",
                valid_from=self.clock(), valid_until=self.clock() + timedelta(days=30),
            )  # fmt: skip

    def amend(self, version: int, *, cap: str) -> None:
        """Newer terms with another net debit cap."""
        self.do(c.OpenCorridor, "operator:test", agreement=small_terms(self.code, version=version, cap=cap))

    # A transfer

    def initiation(
        self, number: int, *, amount: int = 100_000, product: str = "account_to_account", screened: Screened = CLEAR,
        condition: Condition | None = None, quote: UUID | None = None, actor: str = "abb", cause: str | None = None,
        charge_bearer: ChargeBearer = "DEBT",
    ) -> c.InitiateTransfer:  # fmt: skip
        """The command that initiates transfer ``number`` with ``amount`` in minor units of the sender's currency."""
        here, there, currency = ("abb", "psbc", "MAD") if actor == "abb" else ("psbc", "abb", "CNY")
        command = self.command(
            c.InitiateTransfer, here, uetr=uetr_of(number), creditor_agent=there, product=product, purpose="FAMI", amount=amount,
            charge_bearer=charge_bearer, currency=currency, quote=quote, debtor=UUID(int=2 * number), creditor=UUID(int=2 * number + 1),
            commitments={},
            screened=screened, condition=condition, collection_code_digest=collection_code_digest(uetr_of(number), CODE),
        )  # fmt: skip
        return cast(c.InitiateTransfer, command if cause is None else command.model_copy(update={"cause": cause}))

    def initiate(self, number: int, **how: Any) -> UUID:
        """Initiates transfer ``number``; unless it is held, it is thereby funded and, unless a condition waits, dispatched."""
        answer = self.answer(self.initiation(number, **how))
        assert answer.refusal is None, answer.refusal
        return uetr_of(number)

    def accept(self, number: int) -> None:
        self.do(c.AcceptTransfer, "psbc", uetr=uetr_of(number))

    def pay(self, number: int) -> None:
        self.do(c.PayTransfer, "psbc", uetr=uetr_of(number), identity_checked=True, code=CODE)

    def refuse_transfer(self, number: int, reason: str = "AC04") -> None:
        self.do(c.RefuseTransfer, "psbc", uetr=uetr_of(number), reason=reason)

    def return_part(self, number: int, return_id: str, amount: int) -> None:
        self.do(c.ReturnTransfer, "psbc", uetr=uetr_of(number), return_id=return_id, amount=amount, reason="AC04")

    def opinion(self, case: str, officer: str, opinion: str) -> None:
        self.do(c.GiveOpinion, f"officer:{officer}", case=case, opinion=opinion, reasons="22" * 32)

    def quote(self, number: int, *, amount: int = 100_000) -> UUID:
        """A quote for ``amount`` from abb to psbc."""
        quote = UUID(int=(1 << 120) + number, version=4)
        self.do(c.AskQuote, "abb", quote=quote, creditor_agent="psbc", amount=amount, currency="MAD")
        return quote

    def condition(self, reference: str, *, days: int = 3) -> Condition:
        """A release condition that psbc confirms within ``days``."""
        return Condition(kind="parcel_delivered", reference=reference, confirmed_by="psbc", deadline=self.clock() + timedelta(days=days))

    # Settlement and treasury

    def fund_position(self, participant: str, amount: int, reference: str) -> None:
        self.do(c.FundPosition, "bank:settlement", participant=participant, amount=amount, currency="USD", reference=reference)

    def move_cash(self, participant: str, kind: CashKind, amount: int, reference: str) -> None:
        currency = {"abb": "MAD", "psbc": "CNY"}[participant]
        self.do(c.MoveCash, participant, participant=participant, amount=amount, currency=currency, reference=reference, kind=kind)

    def find_break(self, break_id: str, *, difference: int, statement: str, reference: str, business_date: date) -> None:
        """The night job finds another amount on psbc's statement."""
        found = c.FoundBreak(
            break_id=break_id, break_class="amount_differs", account="psbc:cash:CNY", difference=difference, statement=statement,
            reference=reference, business_date=business_date,
        )  # fmt: skip
        self.do(c.RecordBreaks, "system:nightly", found=(found,))

    def settle(self) -> int:
        """Closes the cycle, confirms every pay-in and then every pay-out; its number."""
        closed = self.do(c.CloseCycle, "operator:test")
        number = int(closed["cycle"])
        for kind, due in ((c.ConfirmPayIn, closed["pay_ins"]), (c.ConfirmPayOut, closed["pay_outs"])):
            for participant, amount in due.items():
                self.do(
                    kind, "bank:settlement", cycle=number, participant=participant, amount=amount,
                    bank_reference=f"{kind.__name__}-{number}-{participant}",
                )  # fmt: skip
        return number

    # Everything at once

    def live_a_day(self) -> None:
        """Every kind of thing that can happen, once: afterwards transfers 1–12 stand in all the states a life can end or pause in."""
        self.open()
        self.initiate(1)
        self.accept(1)
        self.pay(1)  # paid
        self.return_part(1, "r1", 20_000)
        self.return_part(1, "r2", 52_000)  # returned whole
        self.initiate(2, quote=self.quote(2))
        self.pay(2)  # paid without an acceptance before
        self.accept(2)
        self.initiate(3)
        self.refuse_transfer(3)  # refunded, fee given back
        self.initiate(4, condition=self.condition("parcel-4"))
        self.do(c.CancelTransfer, "abb", uetr=uetr_of(4))  # refunded, fee kept
        self.initiate(5, condition=self.condition("parcel-5"))
        self.do(c.MeetCondition, "psbc", uetr=uetr_of(5), reference="parcel-5")  # dispatched
        self.initiate(6, screened=HIT)
        self.opinion(f"hold-{uetr_of(6)}", "amina", "clear")
        self.opinion(f"hold-{uetr_of(6)}", "li", "clear")  # dispatched after a hold
        self.initiate(7, screened=HIT)
        self.opinion(f"hold-{uetr_of(7)}", "amina", "reject")
        self.opinion(f"hold-{uetr_of(7)}", "li", "reject")  # rejected
        self.initiate(8, screened=HIT)  # held
        self.initiate(9)
        self.do(c.RequestRecall, "abb", uetr=uetr_of(9), recall="recall-9", reason="DUPL")
        self.do(c.AnswerRecall, "psbc", uetr=uetr_of(9), recall="recall-9", agreed=True, reason="CNCL")  # refunded
        self.initiate(10, product="cash_to_cash")
        self.accept(10)
        frozen = self.do(c.FreezeTransfer, "officer:amina", uetr=uetr_of(10))["case"]
        self.opinion(frozen, "amina", "clear")
        self.opinion(frozen, "li", "clear")
        self.initiate(11)
        self.wait(minutes=31)
        self.do(c.FlagUnanswered, "system:resolver", uetr=uetr_of(11), since=self.clock())  # unknown
        self.settle()
        self.move_cash("abb", "float_in", 500_000, "float-abb")
        self.move_cash("psbc", "cover_received", 72_000, "cover-psbc")
        self.move_cash("abb", "fees_taken", 2_000, "fees-abb")
        self.do(c.ChargeSettlement, "bank:settlement", participant="abb", amount=250, currency="USD", reference="charge-1")
        self.do(c.RequestWithdrawal, "psbc", participant="psbc", amount=5_000, currency="USD", reference="withdrawal-1")
        self.do(c.ConfirmWithdrawal, "bank:settlement", reference="withdrawal-1", bank_reference="bank-withdrawal-1")
        self.wait(days=8)
        self.do(c.ExpireTransfer, "system:expiry", uetr=uetr_of(10))  # cash nobody collected: refunded
        self.find_break("b1", difference=-700, statement="2026-04-07", reference="stmt-7", business_date=date(2026, 4, 7))
        self.do(c.ParkBreak, "officer:amina", break_id="b1")
        self.do(c.ParkBreak, "officer:li", break_id="b1")
        self.do(c.ResolveBreak, "officer:amina", break_id="b1", to_account="psbc:cash:CNY", explanation="the bank's own mistake")
        self.refuse(c.PayTransfer, "psbc", uetr=uetr_of(3))  # a payment after the refund: refused, kept as a break
        self.initiate(12, actor="psbc", amount=72_000)  # the other direction

    def busy(self, transfers: int, first: int = 1_000) -> None:
        """Transfers in bulk, initiated, accepted and paid in shared commits."""
        numbers = range(first, first + transfers)
        self.together(*(self.initiation(number) for number in numbers))
        self.together(*(self.command(c.AcceptTransfer, "psbc", uetr=uetr_of(number)) for number in numbers))
        self.together(*(self.command(c.PayTransfer, "psbc", uetr=uetr_of(number)) for number in numbers))
