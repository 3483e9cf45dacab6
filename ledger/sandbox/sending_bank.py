"""The simulated debtor agent: it takes orders and money at its counters, sends them, and keeps the books of its corridor account.

What moved on that account it learns from the life of its own transfers; how much, it computes from the orders it holds and its own
tariff, so that an amount the ledger got wrong would show up as a difference in the night.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from ledger.application import Asked, Ledger
from ledger.batching import Answer
from ledger.bootstrap import Service
from ledger.domain.money import parse_amount
from ledger.domain.terms import Leg
from ledger.intake import Intake, Received, TransferOrder
from ledger.iso20022.credit_transfer import CreditTransfer, Product
from ledger.iso20022.statement import BankTransactionCode
from ledger.projections.audit_trail import trail_of
from ledger.projections.snapshot import Snapshot
from ledger.projections.transfers import TransferRow, transfers
from ledger.sandbox.statements import CASH_PAID_OUT, CASH_TAKEN_IN, GIVEN_BACK, PAID_OUT, TAKEN_IN, AccountBook

_PAGE = 1_000
_RETURNED = "Transfer.Returned.v1"


class SimulatedSendingBank:
    """One bank at the sending end, on one leg of the corridor."""

    def __init__(self, ledger: Ledger, participant: str, leg: Leg) -> None:
        bank = ledger.terms().participant(participant)
        self.participant = participant
        self.book = AccountBook(participant, bank.statement_account, bank.currency, bank.calendar)
        self._leg = leg
        self._flat_fee = parse_amount(leg.fee_flat, bank.currency, allow_zero=True)
        self._orders: dict[UUID, CreditTransfer] = {}

    def take_orders(self, orders: Iterable[CreditTransfer]) -> None:
        """Customers hand these in, with the money."""
        self._orders |= {order.uetr: order for order in orders}

    def fee(self, instructed: int) -> int:
        """What the customer pays on top, by the tariff: a flat part and basis points, halves to the even cent."""
        share = Decimal(instructed) * self._leg.fee_basis_points / 10_000
        return self._flat_fee + int(share.quantize(Decimal(1), ROUND_HALF_EVEN))

    def keep_books(self, at: Snapshot, now: datetime) -> None:
        """Books what moved on the corridor account up to ``now``: money taken in, given back, and returned."""
        for row in self._own(at):
            order = self._orders[row.uetr]
            instructed, fee = order.instructed_minor, self.fee(order.instructed_minor)
            if row.funded_at is not None and row.funded_at <= now:
                code = CASH_TAKEN_IN if order.product.takes_cash else TAKEN_IN
                self.book.book(row.funded_at, instructed + fee, f"IN-{row.uetr.hex[:20]}", code, uetr=row.uetr)
            if row.state == "refunded" and row.updated_at <= now:
                fee_back = fee if row.refund_cause in self._leg.fee_given_back_when else 0
                self.book.book(row.updated_at, -instructed - fee_back, f"BACK-{row.uetr.hex[:20]}", _out(order.product), uetr=row.uetr)
            if row.returned_instructed:
                self._book_returns(at, row, now)

    def _own(self, at: Snapshot) -> Iterator[TransferRow]:
        """Its own transfers, those it has an order for."""
        after = 0
        while page := transfers(at, agent=self.participant, after=after, size=_PAGE):
            after = page[-1].first_position
            yield from (row for row in page if row.debtor_agent == self.participant and row.uetr in self._orders)

    def _book_returns(self, at: Snapshot, row: TransferRow, now: datetime) -> None:
        for entry in trail_of(at, row.uetr):
            if entry.topic == _RETURNED and entry.recorded_at <= now:
                _, _, instructed = entry.facts["part"]
                reference = f"GIVE-{entry.facts['return_id']}"
                self.book.book(entry.recorded_at, -instructed, reference, GIVEN_BACK, uetr=row.uetr, text="Return")


def _out(product: Product) -> BankTransactionCode:
    return CASH_PAID_OUT if product.takes_cash else PAID_OUT


def send_order(service: Service, corridor: str, actor: str, order: TransferOrder, *, idempotency_key: str, cause: str) -> Answer:
    """One order on its own, as the API takes it: answered from its receipt when it was sent before, else stored, screened and decided."""
    ledger = service.ledger(corridor)
    asked = Asked("POST", f"/v1/corridors/{corridor}/transfers", order.model_dump_json().encode())
    answered = ledger.replay(actor, idempotency_key, asked)
    if answered is not None:
        return answered
    intake: Intake = service.intake(corridor)
    [request] = intake.requests([Received(order, actor, idempotency_key, cause, asked)])
    return ledger.answer(ledger.submit(request).result(), asked)
