"""The simulated settlement bank: it holds the corridor's account in the settlement currency and confirms what moved on it."""

from __future__ import annotations

from datetime import datetime

from ledger import commands as c
from ledger.application import Ledger
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.sandbox.asking import ask
from ledger.sandbox.statements import CHARGE, WIRE_IN, WIRE_OUT, AccountBook


class SimulatedSettlementBank:
    """Books first, then confirms; what it does not confirm is seen on its statement only."""

    def __init__(self, ledger: Ledger) -> None:
        settlement = ledger.terms().settlement
        self._ledger = ledger
        self._currency = settlement.currency
        self.book = AccountBook("settlement", settlement.statement_account, settlement.currency, settlement.calendar)

    def receive_prefund(self, at: datetime, participant: str, amount: int) -> None:
        """A participant's prefund came in."""
        reference = f"SB-PREFUND-{participant.upper()}"
        self.book.book(at, amount, reference, WIRE_IN, text=f"Prefund {participant}")
        ask(
            self._ledger,
            c.FundPosition(
                corridor=self._ledger.corridor_code,
                actor=SETTLEMENT_BANK,
                idempotency_key=reference,
                cause=reference,
                participant=participant,
                amount=amount,
                currency=self._currency,
                reference=reference,
            ),
        )

    def receive_pay_in(self, at: datetime, cycle: int, participant: str, amount: int) -> None:
        """A payer's money for a cycle came in."""
        reference = f"SB-CYCLE-{cycle}-IN-{participant.upper()}"
        self.book.book(at, amount, reference, WIRE_IN, text=f"Cycle {cycle} {participant}")
        ask(
            self._ledger,
            c.ConfirmPayIn(
                corridor=self._ledger.corridor_code,
                actor=SETTLEMENT_BANK,
                idempotency_key=reference,
                cause=reference,
                cycle=cycle,
                participant=participant,
                amount=amount,
                bank_reference=reference,
            ),
        )

    def send_pay_out(self, at: datetime, cycle: int, participant: str, amount: int) -> None:
        """A payee's money of a cycle went out."""
        reference = f"SB-CYCLE-{cycle}-OUT-{participant.upper()}"
        self.book.book(at, -amount, reference, WIRE_OUT, text=f"Cycle {cycle} {participant}")
        ask(
            self._ledger,
            c.ConfirmPayOut(
                corridor=self._ledger.corridor_code,
                actor=SETTLEMENT_BANK,
                idempotency_key=reference,
                cause=reference,
                cycle=cycle,
                participant=participant,
                amount=amount,
                bank_reference=reference,
            ),
        )

    def charge(self, at: datetime, bearer: str, amount: int, reference: str, *, announced: bool) -> None:
        """A charge for its services; one that is not announced reaches the ledger by the statement alone."""
        self.book.book(at, -amount, reference, CHARGE, text="Account charges")
        if announced:
            ask(
                self._ledger,
                c.ChargeSettlement(
                    corridor=self._ledger.corridor_code,
                    actor=SETTLEMENT_BANK,
                    idempotency_key=reference,
                    cause=reference,
                    participant=bearer,
                    amount=amount,
                    currency=self._currency,
                    reference=reference,
                ),
            )
