"""A transfer begins: terms, quote and accounts are checked before it is recorded, then it is funded."""

from __future__ import annotations

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result, check_amount, transfer_result
from ledger.deciding.rates_and_quotes import price_now
from ledger.domain import ids, posting
from ledger.domain.aggregate import Decision
from ledger.domain.case import ComplianceCase
from ledger.domain.money import format_amount, parse_amount
from ledger.domain.pricing import BASIS_POINTS, Pricing, check_limits
from ledger.domain.quote import Quote
from ledger.domain.terms import Leg
from ledger.domain.transfer import RATES_LAPSED, Transfer
from ledger.domain.transfer_events import Condition
from ledger.errors import (
    AmountOverLimit,
    ConditionNotDue,
    EvidenceMissing,
    NotPermitted,
    PartyFieldMissing,
    StatedAmountDiffers,
    UetrAlreadyUsed,
)


def initiate_transfer(command: c.InitiateTransfer, books: Books) -> Result:
    """Initiated, screened, and if nothing was found funded and dispatched, all in one commit."""
    if books.exists(command.uetr):
        raise UetrAlreadyUsed(
            f"UETR {command.uetr} was used before.",
            field="uetr",
            value=command.uetr,
            way_out="Use a new UETR for a new transfer; to learn what became of this one, show it.",
        )
    leg = books.terms.leg(command.actor, command.creditor_agent)
    check_amount(command)
    payout_method = leg.check_product(command.product)
    by = books.decision()
    quote = None if command.quote is None else books.quote(command.quote)
    pricing = price_now(command, leg, books) if quote is None else _quoted(command, quote, leg, by)
    rules = _check_terms(command, leg, pricing, books)
    clear = command.screened.outcome == "clear"
    if clear:
        books.post(posting.funding(command.uetr, pricing))
    if quote is not None:
        quote.use(by, command.uetr)
    transfer = Transfer.initiate(
        command.uetr,
        by,
        product=command.product,
        payout_method=payout_method,
        purpose=command.purpose,
        evidence=command.evidence,
        charge_bearer=command.charge_bearer,
        pricing=pricing,
        quote=command.quote,
        debtor=command.debtor,
        creditor=command.creditor,
        commitments=command.commitments,
        condition=command.condition,
        collection_code_digest=command.collection_code_digest,
        cash_days_to_collect=leg.cash_days_to_collect,
        rules=rules,
    )
    books.add(transfer)
    if clear:
        transfer.clear(by, command.screened)
        transfer.fund(by)
    else:
        case = f"hold-{command.uetr}"
        books.add(ComplianceCase.open(ids.case_stream(command.corridor, case), by, case=case, kind="hold", uetr=command.uetr))
        transfer.hold(by, case, command.screened)
    return transfer_result(transfer)


def _quoted(command: c.InitiateTransfer, quote: Quote, leg: Leg, by: Decision) -> Pricing:
    pricing = quote.check_serves(
        by,
        creditor_agent=command.creditor_agent,
        instructed=command.amount,
        currency=command.currency,
        charge_bearer=command.charge_bearer,
    )
    # A quote may be older than the terms in force.
    check_limits(leg, command.amount, command.currency)
    return pricing


def _check_terms(command: c.InitiateTransfer, leg: Leg, pricing: Pricing, books: Books) -> tuple[str, ...]:
    """The terms' rules about one transfer; the ids of those that were applied."""
    rules = [f"limit:{leg.max}"]
    purpose = leg.purpose(command.purpose)
    if purpose.max is not None:
        if command.amount > parse_amount(purpose.max, command.currency):
            raise AmountOverLimit(
                f"Purpose {purpose.code} carries at most {purpose.max} {command.currency}.",
                field="amount",
                value=format_amount(command.amount, command.currency),
                way_out=f"Send at most {purpose.max}.",
            )
        rules.append(f"purpose:{purpose.code}:max")
    if missing := [kind for kind in purpose.evidence if kind not in command.evidence]:
        raise EvidenceMissing(
            f"Purpose {purpose.code} needs evidence: {', '.join(sorted(missing))}.",
            field="evidence",
            value=purpose.code,
            way_out="Collect it from the debtor and name it in the request.",
        )
    for required in leg.required_fields:
        if pricing.settlement >= parse_amount(required.from_amount, pricing.settlement_currency, allow_zero=True):
            absent = [name for name in required.names if name not in command.commitments]
            if absent:
                raise PartyFieldMissing(
                    f"This amount needs {', '.join(absent)}.",
                    field=absent[0],
                    value="",
                    way_out="Complete the party in the message and send it with a new key.",
                )
            rules.append(f"fields:{required.from_amount}")
    if command.condition is not None:
        _check_condition(command.condition, books)
    if command.stated_settlement is not None:
        allowed = pricing.settlement * books.terms.quoting.tolerance_basis_points // BASIS_POINTS
        if abs(command.stated_settlement - pricing.settlement) > allowed:
            raise StatedAmountDiffers(
                "The settlement amount in the message is outside the tolerance of the rates in force.",
                field="interbank_settlement_amount",
                value=command.stated_settlement,
                way_out="Price the transfer by the sheets in force, or leave the amount out.",
            )
        rules.append("tolerance")
    return tuple(rules)


def _check_condition(condition: Condition, books: Books) -> None:
    """Raises UnknownParticipant or ConditionNotDue when nobody could ever meet it."""
    books.terms.participant(condition.confirmed_by)
    if condition.deadline <= books.now:
        raise ConditionNotDue(
            f"The condition's deadline {condition.deadline:%Y-%m-%d %H:%M:%S%z} has passed.",
            field="deadline",
            value=condition.deadline.isoformat(),
            way_out="Name a deadline to come.",
        )


def fund_transfer(command: c.FundTransfer, books: Books) -> Result:
    """A cleared transfer tries again; rates that lapsed meanwhile reject it."""
    transfer = books.transfer(command.uetr)
    if command.actor != transfer.pricing.debtor_agent and not command.actor.startswith("system:"):
        raise NotPermitted(
            f"{command.actor} cannot fund {command.uetr}.", field="actor", value=command.actor, way_out="The debtor agent can."
        )
    _fund_or_reject(transfer, books)
    return transfer_result(transfer)


def _fund_or_reject(transfer: Transfer, books: Books) -> None:
    by = books.decision()
    if transfer.state == "cleared" and transfer.quote_lapsed(by.at):
        transfer.reject(by, RATES_LAPSED)
        return
    transfer.check_can_fund(by)
    books.post(posting.funding(transfer.id, transfer.pricing))
    transfer.fund(by)
