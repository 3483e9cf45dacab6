"""Transfers as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from ledger.errors import TransferUnknown
from ledger.projections.snapshot import Snapshot

_NEWEST = 2**62

STATES_IN_FLIGHT = ("funded", "dispatched", "accepted")


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One transfer. Amounts are minor units: `instructed`, `fee`, `refunded_to_debtor` and `returned_instructed` in `debtor_currency`;
    `settlement`, `remuneration` and `returned_settlement` in `settlement_currency`; `payout`, `creditor_fee`, `paid_to_creditor` and
    `returned_payout` in `creditor_currency`. `debtor` and `creditor` are subject ids of the vault.

    `unanswered_since` is set while the outcome is *unknown*. `held_or_frozen_by` names the open case (never told to partners).
    `recalls` maps case ids to "open", "agreed" or "declined". `first_position` is the cursor of listings. `boundary` is that of its last
    event. `settled`: its payout lies in a settled cycle.
    """

    uetr: UUID
    state: str
    debtor_agent: str
    creditor_agent: str
    product: str
    payout_method: str
    purpose: str
    charge_bearer: str
    debtor: UUID
    creditor: UUID
    quote: UUID | None
    debtor_currency: str
    settlement_currency: str
    creditor_currency: str
    instructed: int
    fee: int
    settlement: int
    remuneration: int
    payout: int
    creditor_fee: int
    paid_to_creditor: int
    debtor_rate: Decimal
    creditor_rate: Decimal
    debtor_sheet: str
    creditor_sheet: str
    valid_until: datetime
    condition: dict[str, Any] | None
    condition_met: bool
    collect_until: datetime | None
    frozen: bool
    held_or_frozen_by: str | None
    unanswered_since: datetime | None
    ended_by: str
    reason: str
    refund_cause: str | None
    refunded_to_debtor: int | None
    returned_payout: int
    returned_settlement: int
    returned_instructed: int
    recalls: dict[str, str]
    initiated_at: datetime
    funded_at: datetime | None
    dispatched_at: datetime | None
    paid_at: datetime | None
    paid_boundary: int | None
    updated_at: datetime
    first_position: int
    last_position: int
    boundary: int
    settled: bool

    @property
    def unanswered(self) -> bool:
        """Whether its outcome is *unknown*."""
        return self.unanswered_since is not None

    @property
    def in_flight(self) -> bool:
        return self.state in STATES_IN_FLIGHT

    @property
    def waits_for_condition(self) -> bool:
        return self.state == "funded" and self.condition is not None and not self.condition_met


class StateTotal(NamedTuple):
    """How many transfers stand in one state; `settlement` is their sum in minor units of the settlement currency."""

    state: str
    transfers: int
    settlement: int


_COLUMNS = tuple(column.name for column in fields(TransferRow))


def transfer(at: Snapshot, uetr: UUID) -> TransferRow:
    """One transfer. Raises TransferUnknown."""
    found = _read(at, "transfer", uetr=str(uetr))
    if not found:
        raise TransferUnknown(
            f"There is no transfer {uetr}.", field="uetr", value=uetr, way_out="Check the UETR, or initiate the transfer first."
        )
    return found[0]


def transfers(
    at: Snapshot, *, states: Sequence[str] | None = None, agent: str | None = None, after: int = 0, size: int = 100
) -> list[TransferRow]:
    """At most `size` transfers in the order of initiation, after the one with `first_position` = `after`; `agent` takes part at either
    end."""
    return _read(at, "transfers", states=None if states is None else list(states), agent=agent, after=after, size=size)


def newest_transfers(
    at: Snapshot, *, states: Sequence[str] | None = None, agent: str | None = None, before: int = _NEWEST, size: int = 100
) -> list[TransferRow]:
    """The same from the newest on, before the one with `first_position` = `before`."""
    return _read(at, "transfers_backwards", states=None if states is None else list(states), agent=agent, before=before, size=size)


def past_deadline(at: Snapshot, instant: datetime) -> list[TransferRow]:
    """Transfers to expire: cash that nobody collected and conditions that nobody met in time. Those frozen or unknown wait."""
    return _read(at, "transfers_past_deadline", instant=instant)


def silent(at: Snapshot, dispatched_before: datetime) -> list[TransferRow]:
    """Transfers to flag as unknown: dispatched before that instant, and not a word since."""
    return _read(at, "transfers_silent", instant=dispatched_before)


def unknown(at: Snapshot) -> list[TransferRow]:
    """Transfers flagged unknown, to be asked about again."""
    return _read(at, "transfers_unknown")


def totals(at: Snapshot) -> list[StateTotal]:
    """One row for each state that any transfer stands in, by name."""
    return [StateTotal(*row) for row in at.rows("transfer_totals")]


def _read(at: Snapshot, query: str, **values: Any) -> list[TransferRow]:
    rows = at.rows(query, **values)
    found = [column.name for column in at.cursor.raw.description or ()]
    order = [found.index(name) for name in _COLUMNS]
    return [TransferRow(*(row[index] for index in order)) for row in rows]
