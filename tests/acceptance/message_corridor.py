"""A corridor made for one published message: its two banks are the message's agents, and everything is in the message's currency."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.domain.calendar import Calendar
from ledger.domain.money import Rounding
from ledger.domain.terms import Leg, Participant, Purpose, Quoting, Settlement, Terms
from ledger.domain.transfer import Transfer

SENDER, RECEIVER = "sender", "receiver"
_MUCH = "900000000000.00"
_EVERY_DAY = Calendar(
    zone="UTC", weekend=(), holidays=(), valid_through=date(2099, 12, 31), cut_off=time(23, 59), source="invented for tests"
)


def message_terms(code: str, sender_bic: str, receiver_bic: str, currency: str, purposes: tuple[str, ...] = ("",)) -> Terms:
    """Terms under which what other banks once sent each other can go through: no fees, hardly a limit, every day a business day.

    A published message that names no purpose is for the purpose without a code.
    """

    def participant(name: str, bic: str) -> Participant:
        return Participant(
            name=name, country=bic[4:6], currency=currency, bic=bic, statement_account=f"{name}-1", cap=_MUCH, retained="0.00",
            calendar=_EVERY_DAY,
        )  # fmt: skip

    leg = Leg(
        debtor_agent=SENDER, creditor_agent=RECEIVER, fee_flat="0.00", fee_basis_points=0, remuneration="0.00", creditor_fee="0.00",
        fee_given_back_when=(), min="0.01", max=_MUCH, products=("account_to_account",), cash_days_to_collect=7,
        purposes=tuple(Purpose(code=purpose) for purpose in purposes), required_fields=(), screening_list="invented",
    )  # fmt: skip
    return Terms(
        code=code,
        version=1,
        effective_from=date(2000, 1, 1),
        name="A corridor of published messages",
        retention_years=10,
        unanswered_minutes=30,
        return_rate="original",
        settlement=Settlement(
            currency=currency, holder="both", bank_bic="SETLUS33XXX", statement_account="SETTLEMENT-1", calendar=_EVERY_DAY
        ),
        participants={SENDER: participant(SENDER, sender_bic), RECEIVER: participant(RECEIVER, receiver_bic)},
        legs=(leg,),
        quoting=Quoting(rounding=Rounding.HALF_EVEN, quote_seconds=900, sheet_hours=96, tolerance_basis_points=10),
    )


class MessageCorridor:
    """Such a corridor, opened in a service; it has one rate, which is one."""

    def __init__(self, service: Service, terms: Terms) -> None:
        self.service, self.code, self.currency = service, terms.code, terms.settlement.currency
        self._asked = 0
        self.do(c.OpenCorridor, "operator:test", agreement=terms)
        now = service.ledger(self.code).clock()
        for bank in (SENDER, RECEIVER):
            self.do(
                c.PublishRateSheet, bank, sheet="one", rates={self.currency: Decimal(1)}, source="invented for tests",
                valid_from=now - timedelta(hours=1), valid_until=now + timedelta(days=30),
            )  # fmt: skip

    def do(self, kind: type[c.Command], actor: str, /, **facts: Any) -> None:
        """A command that must be accepted."""
        self._asked += 1
        command = kind(corridor=self.code, actor=actor, idempotency_key=f"key-{self._asked}", **facts)
        answer = self.service.ledger(self.code).execute(command)
        assert answer.refusal is None, answer.refusal

    def transfer(self, uetr: Any) -> Transfer:
        """A transfer as the log has it."""
        found = self.service.ledger(self.code).repository.get(uetr)
        assert isinstance(found, Transfer)
        return found
