"""A movement: money reported by a bank under its own reference, booked once."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from ledger.domain import movement_events as events
from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.posting import CashKind
from ledger.errors import NotPermitted, StepOutOfOrder


class Movement(Aggregate):
    """Decides who may report what; the reference makes it unique."""

    TOPIC = "Movement"

    def __init__(self) -> None:
        self.participant = ""
        self.currency = ""
        self.amount = 0
        self.kind = ""
        self.cash_kind: CashKind | None = None
        self.paid = False

    @classmethod
    def position_funded(cls, stream: UUID, by: Decision, *, participant: str, currency: str, amount: int, reference: str) -> Movement:
        """A prefund, on the settlement bank's confirmation, never on an announcement."""
        check_settlement_bank(by)
        return cls.begin(events.PositionFunded, stream, by, participant=participant, currency=currency, amount=amount, reference=reference)

    @classmethod
    def pay_in_announced(
        cls, stream: UUID, by: Decision, *, expected_on: date, participant: str, currency: str, amount: int, reference: str
    ) -> Movement:
        """Money that will come, by the word of whose it is or of the settlement bank. It is expected, and books nothing."""
        if by.actor != SETTLEMENT_BANK:
            check_owner(by, participant)
        return cls.begin(
            events.PayInAnnounced, stream, by, expected_on=expected_on, participant=participant, currency=currency, amount=amount,
            reference=reference,
        )  # fmt: skip

    @classmethod
    def settlement_charged(cls, stream: UUID, by: Decision, *, participant: str, currency: str, amount: int, reference: str) -> Movement:
        """A charge of the settlement bank, borne by ``participant``."""
        check_settlement_bank(by)
        return cls.begin(
            events.SettlementCharged, stream, by, participant=participant, currency=currency, amount=amount, reference=reference
        )

    @classmethod
    def cash_moved(
        cls, stream: UUID, by: Decision, *, cash_kind: CashKind, participant: str, currency: str, amount: int, reference: str
    ) -> Movement:
        """Float, cover or fees, reported by the bank whose money it is."""
        check_owner(by, participant)
        return cls.begin(
            events.CashMoved, stream, by, cash_kind=cash_kind, participant=participant, currency=currency, amount=amount,
            reference=reference,
        )  # fmt: skip

    @classmethod
    def withdrawal_requested(cls, stream: UUID, by: Decision, *, participant: str, currency: str, amount: int, reference: str) -> Movement:
        """A participant wants part of its position back."""
        check_owner(by, participant)
        return cls.begin(
            events.WithdrawalRequested, stream, by, participant=participant, currency=currency, amount=amount, reference=reference
        )

    def says_the_same(self, other: Movement) -> bool:
        """Whether both report one and the same movement of money."""
        said = (self.kind, self.cash_kind, self.participant, self.currency, self.amount)
        return said == (other.kind, other.cash_kind, other.participant, other.currency, other.amount)

    def withdrawal_paid(self, by: Decision, bank_reference: str) -> None:
        """The settlement bank confirmed that the withdrawal left."""
        self.check_waits(by)
        self.record(events.WithdrawalPaid, by, bank_reference=bank_reference)

    def check_waits(self, by: Decision) -> None:
        """Raises NotPermitted or, when no withdrawal waits for its confirmation, StepOutOfOrder."""
        check_settlement_bank(by)
        if self.kind != events.WithdrawalRequested.TOPIC or self.paid:
            raise StepOutOfOrder(
                "No withdrawal waits under this reference.",
                field="reference",
                value=self.id,
                way_out="Name a requested withdrawal.",
            )


SETTLEMENT_BANK = "bank:settlement"


def check_settlement_bank(by: Decision) -> None:
    """Raises NotPermitted unless the settlement bank itself confirms."""
    if by.actor != SETTLEMENT_BANK:
        raise NotPermitted(
            f"{by.actor} cannot confirm for the settlement bank.", field="actor", value=by.actor,
            way_out="Wait for the settlement bank's confirmation.",
        )  # fmt: skip


def check_owner(by: Decision, participant: str) -> None:
    """Raises NotPermitted unless the participant speaks for itself."""
    if by.actor != participant:
        raise NotPermitted(
            f"{by.actor} cannot report for {participant}.", field="actor", value=by.actor, way_out=f"Let {participant} report it."
        )
