"""pacs.008: the transfer itself, sent to the creditor agent once, when it is dispatched."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal

from ledger.iso20022.characters import latin
from ledger.iso20022.credit_transfer import Charge, ChargeBearer, CreditTransfer, GroupHeader, Product
from ledger.iso20022.latin_form import latin_party
from ledger.iso20022.pacs008 import write_pacs008
from ledger.iso20022.parties import Account
from ledger.messages import statuses_out
from ledger.messages.lives import NOT_PROVIDED, Step
from ledger.messages.told import SETTLED_BY_THE_CORRIDOR, Told

_REMITTANCE_MAX = 140  # Max140Text
_RATE_DECIMALS, _RATE_DIGITS = Decimal("1E-10"), 11  # BaseOneRate
# Over the API an account need not be named; the message has to say so.
_UNNAMED_ACCOUNT = Account(other=NOT_PROVIDED)
_EXACT = Context(prec=40)


def dispatched(step: Step) -> Iterator[Told]:
    """The debtor agent hears that it goes on, the creditor agent what to pay to whom; `lives.Life.sent_on` knows this order."""
    yield statuses_out.status(step, "ACSP")
    yield Told(step.creditor_agent, "pacs.008", lambda version, message_id: _write(step, version, message_id))


def _write(step: Step, version: str, message_id: str) -> bytes | None:
    transfer = _transfer(step)
    if transfer is None:
        return None
    group = GroupHeader(message_id=message_id, created_at=step.said_at, transfer_count=1, settlement_method=SETTLED_BY_THE_CORRIDOR)
    return write_pacs008(group, [transfer], version)


def _transfer(step: Step) -> CreditTransfer | None:
    """None when a party was erased."""
    begun, pricing = step.life.initiated, step.life.pricing
    debtor, creditor = step.life.party(begun.debtor), step.life.party(begun.creditor)
    if debtor is None or creditor is None:
        return None
    remittance, product = latin(step.life.references().remittance), Product(begun.product)
    debtor_agent, creditor_agent = step.agent(step.debtor_agent), step.agent(step.creditor_agent)
    return CreditTransfer(
        index=1,
        uetr=step.life.uetr,
        end_to_end_id=step.life.sent_on().end_to_end_id,
        instruction_id=step.life.sent_on().instruction_id,
        instructed_minor=pricing.instructed,
        instructed_currency=pricing.debtor_currency,
        settlement_minor=pricing.settlement,
        settlement_currency=pricing.settlement_currency,
        settlement_date=step.settlement_date,
        exchange_rate=settlement_per_instructed(pricing.debtor_rate),
        charge_bearer=charge_bearer(begun.charge_bearer),
        charges=(Charge(pricing.creditor_fee, pricing.creditor_currency, creditor_agent),) if pricing.creditor_fee else (),
        payout_minor=pricing.paid_to_creditor,
        payout_currency=pricing.creditor_currency,
        instructing_agent=debtor_agent,
        instructed_agent=creditor_agent,
        debtor=latin_party(debtor.party),
        debtor_account=debtor.account or (None if product.takes_cash else _UNNAMED_ACCOUNT),
        debtor_agent=debtor_agent,
        creditor_agent=creditor_agent,
        creditor=latin_party(creditor.party),
        creditor_account=creditor.account or (None if product.pays_cash else _UNNAMED_ACCOUNT),
        purpose=begun.purpose,
        product=product,
        evidence=begun.evidence,
        remittance=tuple(remittance[at : at + _REMITTANCE_MAX].strip() for at in range(0, len(remittance), _REMITTANCE_MAX)),
    )


def charge_bearer(agreed: str) -> ChargeBearer:
    """As messages say it. Under SLEV the corridor's tariff takes nothing from the payout, which is what DEBT says."""
    return ChargeBearer.DEBTOR if agreed == "SLEV" else ChargeBearer(agreed)


def settlement_per_instructed(instructed_per_settlement: Decimal) -> Decimal:
    """The factor from the instructed to the settlement amount, with as many digits as the standard's rate has room for."""
    rate = _EXACT.divide(Decimal(1), instructed_per_settlement)
    whole = max(rate.adjusted() + 1, 1)
    return rate.quantize(max(_RATE_DECIMALS, Decimal(1).scaleb(whole - _RATE_DIGITS)), context=_EXACT)
