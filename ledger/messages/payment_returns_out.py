"""pacs.004: money that comes back after it was paid, told to the debtor agent part by part."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain.transfer_events import TransferReturned
from ledger.iso20022.credit_transfer import GroupHeader
from ledger.iso20022.pacs004 import write_pacs004
from ledger.iso20022.payment_return import PaymentReturn, ReturnChain, ReturnFile, ReturnReason
from ledger.iso20022.values import Amount
from ledger.messages.credit_transfers_out import charge_bearer
from ledger.messages.lives import Step
from ledger.messages.told import SETTLED_BY_THE_CORRIDOR, Told, coded, within_35


def returned(step: Step) -> Iterator[Told]:
    """One part, however many there are; no status goes with it."""
    yield Told(step.debtor_agent, "pacs.004", lambda version, message_id: _write(step, version, message_id))


def _write(step: Step, version: str, message_id: str) -> bytes:
    group = GroupHeader(message_id=message_id, created_at=step.said_at, transfer_count=1, settlement_method=SETTLED_BY_THE_CORRIDOR)
    return write_pacs004(ReturnFile(group, (_return(step),)), version)


def _return(step: Step) -> PaymentReturn:
    event = step.here.event
    assert isinstance(event, TransferReturned)
    life, pricing, known = step.life, step.life.pricing, step.life.references()
    debtor_agent, creditor_agent = step.agent(step.debtor_agent), step.agent(step.creditor_agent)
    # The money takes the way back, so who received it is the debtor now. Once they are erased, their banks stand for them.
    sender, receiver = life.party(life.initiated.debtor), life.party(life.initiated.creditor)
    return PaymentReturn(
        index=1,
        uetr=life.uetr,
        return_id=within_35(event.return_id),
        original=known.original,
        original_instruction_id=known.instruction_id,
        original_end_to_end_id=known.end_to_end_id,
        original_transaction_id=known.transaction_id,
        original_settlement=Amount(pricing.settlement, pricing.settlement_currency),
        original_settlement_date=life.settlement_date,
        returned=Amount(event.part.settlement, pricing.settlement_currency),
        returned_instructed=Amount(event.part.instructed, pricing.debtor_currency),
        settlement_date=step.settlement_date,
        charge_bearer=charge_bearer(life.initiated.charge_bearer),
        instructing_agent=creditor_agent,
        instructed_agent=debtor_agent,
        chain=ReturnChain(
            debtor=creditor_agent if receiver is None else receiver.party,
            debtor_agent=creditor_agent,
            creditor_agent=debtor_agent,
            creditor=debtor_agent if sender is None else sender.party,
        ),
        reasons=(ReturnReason(*coded(event.reason)),),
    )
