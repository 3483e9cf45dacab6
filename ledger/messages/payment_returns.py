"""pacs.004 from a creditor agent: what it paid comes back, whole or in part.

The ledger returns in the creditor's currency. A message that states RtrdInstdAmt in it says how much; one that states the settlement amount
alone returns as much as that was paid out as. Where it states both, they must agree within the corridor's tolerance.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final
from uuid import UUID

from ledger import commands as c
from ledger.answers import Answer
from ledger.domain.money import format_amount, round_fraction
from ledger.domain.pricing import Pricing
from ledger.domain.terms import Terms
from ledger.domain.transfer import Transfer
from ledger.errors import CurrencyNotAccepted, Refusal, StatedAmountDiffers
from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.pacs004 import read_pacs004
from ledger.iso20022.payment_return import PaymentReturn, ReturnFile
from ledger.iso20022.values import Amount
from ledger.messages import outcomes
from ledger.messages.asking import answered_before, ask_all, seen_when_refused
from ledger.messages.outcomes import Named
from ledger.messages.present_status import Seen, transfers_at
from ledger.messages.received import Came, Incoming
from ledger.messages.replies import acknowledge
from ledger.messages.taken import Outcome, Taken

BOOKED: Final = "ACSC"
"""What a return is answered with: it is booked, and counts in the open cycle."""
_NARRATIVE = "NARR"
_BASIS_POINTS = 10_000
_NEWEST = 2**62


def take_in_payment_return(incoming: Incoming) -> Taken:
    """Takes in a pacs.004; the reply is its pacs.002, with the answer to each return. Raises what `take_in` raises."""
    incoming.terms.participant(incoming.actor)
    file = read_pacs004(incoming.data, incoming.limits)
    group = file.group
    came = incoming.receive(group.message_id, group.instructing_agent.bic if group.instructing_agent else None)
    items = _items(incoming, came, file)
    return acknowledge(incoming, came, group.created_at, items)


def _items(incoming: Incoming, came: Came, file: ReturnFile) -> tuple[Outcome, ...]:
    answered = {one.index: outcomes.faulty(one) for one in file.outcomes if isinstance(one, TransferFault)}
    returns = {one.index: one for one in file.outcomes if isinstance(one, PaymentReturn)}
    # What was answered before stands, however the transfer stands by now.
    said = answered_before(incoming, came, returns)
    seen = transfers_at(incoming.ledger, ((one.uetr, _NEWEST) for one in returns.values()))
    parts = _Parts(incoming.terms, {uetr: one for (uetr, _), one in seen.items()})
    asked: dict[int, c.Command] = {}
    for index, one in returns.items():
        if index in said:
            continue
        try:
            incoming.check_sender(one.instructing_agent.bic if one.instructing_agent else None, "InstgAgt")
            amount = parts.amount(one)
        except Refusal as refusal:
            answered[index] = outcomes.refused(_named(one), refusal)
            continue
        asked[index] = c.ReturnTransfer(
            corridor=incoming.corridor,
            actor=incoming.actor,
            cause=came.cause,
            idempotency_key=came.key_of(index),
            uetr=one.uetr,
            return_id=_return_id(one, came, len(file.outcomes)),
            amount=amount,
            reason=next((reason.code for reason in one.reasons if reason.code), _NARRATIVE),
        )
    said.update(zip(asked, ask_all(incoming, came, list(asked.values())), strict=True))
    knew = seen_when_refused(incoming, {index: (returns[index].uetr, answer) for index, answer in said.items()})
    for index, answer in said.items():
        answered[index] = _told(returns[index], answer, known=index in knew)
    return tuple(answered[index] for index in sorted(answered))


def _told(one: PaymentReturn, answer: Answer, *, known: bool) -> Outcome:
    if answer.refusal is None:
        return outcomes.taken(_named(one), BOOKED, answer)
    return outcomes.refused_by_ledger(_named(one), answer) if known else outcomes.unknown(_named(one), answer)


class _Parts:
    """What the returns of one file come to in the creditor's currency, in the file's order."""

    def __init__(self, terms: Terms, seen: Mapping[UUID, Seen]) -> None:
        self._terms = terms
        self._seen = seen
        self._asked: dict[UUID, tuple[int, int]] = {}  # payout and settlement of the parts of this file so far

    def amount(self, one: PaymentReturn) -> int:
        """Minor units of the creditor's currency. Raises CurrencyNotAccepted or StatedAmountDiffers."""
        seen = self._seen.get(one.uetr)
        if seen is None:
            # The ledger says that there is no such transfer, and its receipt keeps that.
            return one.returned.minor
        pricing = seen.transfer.pricing
        stated = _in_currency(one, pricing.creditor_currency)
        payout = self._of_settlement(one, seen.transfer) if stated is None else stated
        if stated is not None:
            self._check_settlement(one, payout, pricing)
        before = self._asked.get(one.uetr, (0, 0))
        self._asked[one.uetr] = (before[0] + payout, before[1] + one.returned.minor)
        return payout

    def _of_settlement(self, one: PaymentReturn, transfer: Transfer) -> int:
        """What the settlement amount was paid out as; all that is left when all of it has come back."""
        pricing = transfer.pricing
        if one.returned.currency != pricing.settlement_currency:
            raise CurrencyNotAccepted(
                f"A return is in {pricing.settlement_currency}, or in {pricing.creditor_currency}, not in {one.returned.currency}.",
                field="RtrdIntrBkSttlmAmt",
                value=one.returned.currency,
                way_out=f"State RtrdIntrBkSttlmAmt in {pricing.settlement_currency} and RtrdInstdAmt in {pricing.creditor_currency}.",
            )
        known = transfer.returns.get(one.return_id or "")
        if known is not None and known.settlement == one.returned.minor:
            return known.payout  # the same part again
        payout, settlement = self._asked.get(one.uetr, (0, 0))
        payout, settlement = payout + transfer.returned.payout, settlement + transfer.returned.settlement
        total = settlement + one.returned.minor
        left = pricing.paid_to_creditor - payout
        # A fee that the creditor bore was never paid out, and what it settled as does not come back.
        whole = _settled_as(pricing.paid_to_creditor, pricing)
        if total >= whole:
            # More than all of it is the ledger's to refuse.
            return left if total == whole and left > 0 else left + 1
        part = round_fraction(Fraction(total, pricing.settlement) * pricing.payout, pricing.rounding) - payout
        return max(1, min(part, left))

    def _check_settlement(self, one: PaymentReturn, payout: int, pricing: Pricing) -> None:
        """The settlement amount stated, against what the payout settled as: the corridor's tolerance, and a minor unit for rounding."""
        if one.returned.currency != pricing.settlement_currency or self._terms.return_rate == "today":
            return
        expected = _settled_as(payout, pricing)
        allowed = 1 + expected * self._terms.quoting.tolerance_basis_points // _BASIS_POINTS
        if abs(one.returned.minor - expected) > allowed:
            currency = pricing.settlement_currency
            raise StatedAmountDiffers(
                f"The settlement amount returned does not belong to the amount returned to the debtor's bank: {currency} "
                f"{format_amount(expected, currency)} does.",
                field="RtrdIntrBkSttlmAmt",
                value=format_amount(one.returned.minor, currency),
                way_out="State amounts of one return at the rate at which it was paid.",
            )


def _settled_as(payout: int, pricing: Pricing) -> int:
    """The settlement amount that belongs to an amount paid out, at the rate of the payment."""
    return round_fraction(Fraction(payout, pricing.payout) * pricing.settlement, pricing.rounding)


def _in_currency(one: PaymentReturn, currency: str) -> int | None:
    """The amount stated in a currency, if one is."""
    stated: tuple[Amount | None, ...] = (one.returned_instructed, one.returned)
    return next((amount.minor for amount in stated if amount is not None and amount.currency == currency), None)


def _return_id(one: PaymentReturn, came: Came, parts: int) -> str:
    """The sender's own, or one made of the message's id and the return's place in it."""
    return one.return_id or (came.message_id if parts == 1 else f"{came.message_id}/{one.index}")


def _named(one: PaymentReturn) -> Named:
    return Named(one.index, one.uetr, one.original_instruction_id, one.original_end_to_end_id)
