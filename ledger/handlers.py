"""One table: command → handler. Each handler posts and guards first, then records; it returns ids and positions only.

A handler raises a Refusal to leave no event at all, or returns one when the refusal itself must leave a trace (a payment that arrives
after the refund opens a break).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ledger import commands as c
from ledger.books import Books
from ledger.domain import ids, posting
from ledger.domain.account import Account
from ledger.domain.aggregate import Decision
from ledger.domain.case import ComplianceCase, check_officer
from ledger.domain.corridor import Corridor
from ledger.domain.cycle import SettlementCycle
from ledger.domain.money import parse_amount
from ledger.domain.movement import Movement, check_owner, check_settlement_bank
from ledger.domain.pricing import BASIS_POINTS, Pricing, check_limits, price
from ledger.domain.quote import Quote
from ledger.domain.rates import RateSheets
from ledger.domain.reconciliation_break import ReconciliationBreak
from ledger.domain.terms import Leg
from ledger.domain.transfer import Transfer
from ledger.errors import (
    AmountInvalid,
    AmountOverLimit,
    CurrencyNotAccepted,
    EvidenceMissing,
    MovementAlreadyBooked,
    NotPermitted,
    PartyFieldMissing,
    ReferenceAlreadyUsed,
    Refusal,
    StatedAmountDiffers,
    StepOutOfOrder,
    TermsInvalid,
    UetrAlreadyUsed,
)

Result = dict[str, Any]
Outcome = Result | Refusal


# The corridor


def open_corridor(command: c.OpenCorridor, books: Books) -> Result:
    """The first terms open the corridor and its accounts; newer ones amend it and move the positions' floors."""
    _check_operator(command)
    terms = command.agreement
    corridor = books.corridor_or_none()
    by = Decision(books.now, command.actor, command.id, command.cause, terms.version)
    if corridor is None:
        if terms.code != command.corridor:
            raise TermsInvalid(
                f"These are the terms of {terms.code!r}.", field="corridor", value=terms.code, way_out="Open the corridor they name."
            )
        books.add(Corridor.open(ids.corridor_stream(command.corridor), by, terms))
        currencies = {key: participant.currency for key, participant in terms.participants.items()}
        for name in posting.account_names(currencies, terms.settlement.currency):
            owner, kind, _ = name.split(":")
            floor = -terms.cap(owner) if kind == "position" else 0 if posting.ACCOUNT_KINDS[kind][1] else None
            books.add(Account.open(ids.account_stream(command.corridor, name), by, name=name, floor=floor))
        return {"terms": terms.version, "changed": True}
    changed = corridor.amend(by, terms)
    if changed:
        books.forget_terms()
        for participant in terms.participants:
            books.account(f"{participant}:position:{terms.settlement.currency}").set_floor(by, -books.terms.cap(participant))
    return {"terms": terms.version, "changed": changed}


def register_key(command: c.RegisterKey, books: Books) -> Result:
    """A public key in force from a date on."""
    _check_operator(command)
    changed = books.corridor.register_key(
        books.decision(),
        key_id=command.key_id,
        principal=command.principal,
        public_key=command.public_key,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
    )
    return {"key_id": command.key_id, "changed": changed}


def revoke_key(command: c.RevokeKey, books: Books) -> Result:
    """A public key out of force at once."""
    _check_operator(command)
    books.corridor.revoke_key(books.decision(), key_id=command.key_id, reason=command.reason)
    return {"key_id": command.key_id}


def set_account_status(command: c.SetAccountStatus, books: Books) -> Result:
    """Officers freeze, open and close accounts."""
    by = books.decision()
    check_officer(by)
    books.account(command.account).set_status(by, command.status)
    return {"account": command.account, "status": command.status}


# Messages


def receive_message(command: c.ReceiveMessage, books: Books) -> Result:
    """Books nothing; the instant of its receipt is when the file first came."""
    books.terms.participant(command.actor)
    return {"message_id": command.message_id}


# Rates and quotes


def publish_rate_sheet(command: c.PublishRateSheet, books: Books) -> Result:
    """A participant's prices, from an instant until another."""
    participant = books.terms.participant(command.actor)
    sheets = books.rates_or_none(command.actor)
    by = books.decision()
    if sheets is None:
        sheets = RateSheets.begin_for(ids.rates_stream(command.corridor, command.actor), by, command.actor, participant.currency)
        books.add(sheets)
    changed = sheets.publish(
        by,
        sheet=command.sheet,
        rates=command.rates,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        source=command.source,
    )
    return {"sheet": command.sheet, "changed": changed}


def ask_quote(command: c.AskQuote, books: Books) -> Result:
    """Locks both rates and all amounts for a while."""
    if books.exists(command.quote):
        raise ReferenceAlreadyUsed(f"Quote id {command.quote} is taken.", field="quote", value=command.quote, way_out="Use a new id.")
    leg = books.terms.leg(command.actor, command.creditor_agent)
    _check_amount(command)
    pricing = _price(command, leg, books)
    books.add(Quote.give(command.quote, books.decision(), command.charge_bearer, pricing))
    return {"quote": str(command.quote), "pricing": pricing.model_dump(mode="json")}


def _price(command: c.AskQuote | c.InitiateTransfer, leg: Leg, books: Books) -> Pricing:
    usd = books.terms.settlement.currency
    return price(
        books.terms,
        leg,
        instructed=command.amount,
        currency=command.currency,
        charge_bearer=command.charge_bearer,
        debtor_rate=books.rate(leg.debtor_agent, usd),
        creditor_rate=books.rate(leg.creditor_agent, usd),
        quoted_until=books.now + books.terms.quote_life,
    )


# The life of a transfer


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
    _check_amount(command)
    payout_method = leg.check_product(command.product)
    by = books.decision()
    quote = None if command.quote is None else books.quote(command.quote)
    pricing = _price(command, leg, books) if quote is None else _quoted(command, quote, by)
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
    return _transfer_result(transfer)


def _quoted(command: c.InitiateTransfer, quote: Quote, by: Decision) -> Pricing:
    return quote.check_serves(
        by,
        creditor_agent=command.creditor_agent,
        instructed=command.amount,
        currency=command.currency,
        charge_bearer=command.charge_bearer,
    )


def _check_amount(command: c.AskQuote | c.InitiateTransfer | c.ReturnTransfer | c.MovementCommand) -> None:
    if command.amount <= 0:
        raise AmountInvalid("The amount is not above zero.", field="amount", value=command.amount, way_out="Send an amount above zero.")


def _check_terms(command: c.InitiateTransfer, leg: Leg, pricing: Pricing, books: Books) -> tuple[str, ...]:
    """The terms' rules about one transfer; the ids of those that were applied."""
    # A quote may be older than the terms in force.
    check_limits(leg, command.amount, command.currency)
    rules = [f"limit:{leg.max}"]
    purpose = leg.purpose(command.purpose)
    if purpose.max is not None:
        if command.amount > parse_amount(purpose.max, command.currency):
            raise AmountOverLimit(
                f"Purpose {purpose.code} carries at most {purpose.max} {command.currency}.",
                field="amount",
                value=purpose.code,
                way_out=f"Send at most {purpose.max}.",
            )
        rules.append(f"purpose:{purpose.code}:max")
    if missing := set(purpose.evidence) - set(command.evidence):
        raise EvidenceMissing(
            f"Purpose {purpose.code} needs evidence: {', '.join(sorted(missing))}.",
            field="evidence",
            value=purpose.code,
            way_out="Collect it from the debtor and name it in the request.",
        )
    for required in leg.required_fields:
        if pricing.settlement >= parse_amount(required.from_amount, pricing.settlement_currency, allow_zero=True):
            needed = [f"debtor.{f}" for f in required.debtor] + [f"creditor.{f}" for f in required.creditor]
            absent = [name for name in needed if name not in command.commitments]
            if absent:
                raise PartyFieldMissing(
                    f"This amount needs {', '.join(absent)}.",
                    field=absent[0],
                    value="",
                    way_out="Complete the party in the message and send it with a new key.",
                )
            rules.append(f"fields:{required.from_amount}")
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


def fund_transfer(command: c.FundTransfer, books: Books) -> Result:
    """A cleared transfer tries again; rates that lapsed meanwhile reject it."""
    transfer = books.transfer(command.uetr)
    if command.actor != transfer.pricing.debtor_agent and not command.actor.startswith("system:"):
        raise NotPermitted(
            f"{command.actor} cannot fund {command.uetr}.", field="actor", value=command.actor, way_out="The debtor agent can."
        )
    _fund_or_reject(transfer, books)
    return _transfer_result(transfer)


def _fund_or_reject(transfer: Transfer, books: Books) -> None:
    by = books.decision()
    if transfer.state == "cleared" and transfer.quote_lapsed(by.at):
        transfer.reject(by, "AM21")
        return
    transfer.check_can_fund(by)
    books.post(posting.funding(transfer.id, transfer.pricing))
    transfer.fund(by)


def meet_condition(command: c.MeetCondition, books: Books) -> Result:
    """What the transfer waited for has happened; it goes onward."""
    transfer = books.transfer(command.uetr)
    transfer.meet_condition(books.decision(), command.reference)
    return _transfer_result(transfer)


def accept_transfer(command: c.AcceptTransfer, books: Books) -> Result:
    """The creditor agent will pay."""
    transfer = books.transfer(command.uetr)
    transfer.accept(books.decision())
    return _transfer_result(transfer)


def pay_transfer(command: c.PayTransfer | c.ResolveUnanswered, books: Books) -> Outcome:
    """The creditor has the money. A payment reported after the refund is refused, kept, and opens a break."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    if transfer.state == "refunded" and by.actor == transfer.pricing.creditor_agent:
        return _payment_after_refund(command, transfer, by, books)
    books.post(posting.payout(command.uetr, transfer.pricing))
    transfer.pay(by, identity_checked=command.identity_checked, code=command.code)
    return _transfer_result(transfer)


def _payment_after_refund(command: c.Command, transfer: Transfer, by: Decision, books: Books) -> Refusal:
    p = transfer.pricing
    break_id = f"paid-after-refund-{transfer.id}"
    if books.break_or_none(break_id) is None:
        dates = books.terms.calendar(p.creditor_agent).dates(books.now)
        books.add(
            ReconciliationBreak.find(
                ids.break_stream(command.corridor, break_id),
                by,
                break_id=break_id,
                break_class="paid_after_refund",
                account=f"{p.creditor_agent}:cash:{p.creditor_currency}",
                difference=-p.paid_to_creditor,
                statement="",
                reference=str(transfer.id),
                business_date=dates.booking,
            )
        )
    return StepOutOfOrder(
        f"{transfer.id} was refunded before this payment was reported.",
        field="state",
        value="refunded",
        way_out=f"The payment is kept as break {break_id}; officers of both banks resolve it.",
    )


def refuse_transfer(command: c.RefuseTransfer | c.ResolveUnanswered, books: Books) -> Result:
    """The creditor agent will not pay; the debtor gets the money back."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    cause, fee_given_back = _post_refund(transfer, "refused", books)
    transfer.refuse(by, command.reason)
    transfer.refund(by, cause, fee_given_back=fee_given_back)
    return _transfer_result(transfer)


def cancel_transfer(command: c.CancelTransfer, books: Books) -> Result:
    """The debtor agent takes it back before it was sent onward."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    if transfer.state == "cleared":
        transfer.cancel(by)
        return _transfer_result(transfer)
    cause, fee_given_back = _post_refund(transfer, "cancelled", books)
    transfer.cancel(by)
    transfer.refund(by, cause, fee_given_back=fee_given_back)
    return _transfer_result(transfer)


def expire_transfer(command: c.ExpireTransfer, books: Books) -> Result:
    """Nobody came for the cash, or the condition was not met in time."""
    if not command.actor.startswith("system:"):
        raise NotPermitted(
            f"{command.actor} cannot expire a transfer.", field="actor", value=command.actor, way_out="Deadlines expire it by themselves."
        )
    transfer = books.transfer(command.uetr)
    by = books.decision()
    cause, fee_given_back = _post_refund(transfer, "expired", books)
    transfer.expire(by)
    transfer.refund(by, cause, fee_given_back=fee_given_back)
    return _transfer_result(transfer)


def _post_refund(transfer: Transfer, ended_by: Any, books: Books) -> tuple[Any, bool]:
    p = transfer.pricing
    cause = transfer.refund_cause(ended_by)
    fee_given_back = cause in books.terms.leg(p.debtor_agent, p.creditor_agent).fee_given_back_when
    books.post(posting.refund(transfer.id, p, fee_given_back=fee_given_back))
    return cause, fee_given_back


def return_transfer(command: c.ReturnTransfer, books: Books) -> Result:
    """Part of what was paid comes back, at the original rate or today's as the terms say."""
    transfer = books.transfer(command.uetr)
    p = transfer.pricing
    _check_amount(command)
    today = None
    if books.terms.return_rate == "today" and command.return_id not in transfer.returns:
        usd = p.settlement_currency
        today = (books.rate(p.debtor_agent, usd).rate, books.rate(p.creditor_agent, usd).rate)
    by = books.decision()
    part = transfer.return_part_of(by, return_id=command.return_id, amount=command.amount, today=today)
    if part is not None:
        books.post(posting.payment_return(command.uetr, p, part))
        transfer.return_part(by, return_id=command.return_id, reason=command.reason, part=part)
    return _transfer_result(transfer)


def request_recall(command: c.RequestRecall, books: Books) -> Result:
    """The debtor agent asks for the money back; the creditor agent will answer."""
    transfer = books.transfer(command.uetr)
    transfer.request_recall(books.decision(), command.recall, command.reason)
    return _transfer_result(transfer)


def answer_recall(command: c.AnswerRecall, books: Books) -> Result:
    """Agreed before payment cancels and refunds; agreed after it only announces a return."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    if not transfer.recall_cancels(by, command.recall, agreed=command.agreed):
        transfer.answer_recall(by, command.recall, agreed=command.agreed, reason=command.reason)
        return _transfer_result(transfer)
    cause, fee_given_back = _post_refund(transfer, "cancelled", books)
    transfer.answer_recall(by, command.recall, agreed=True, reason=command.reason)
    transfer.refund(by, cause, fee_given_back=fee_given_back)
    return _transfer_result(transfer)


def flag_unanswered(command: c.FlagUnanswered, books: Books) -> Result:
    """The resolver notes that the partner stayed silent."""
    if not command.actor.startswith("system:"):
        raise NotPermitted(f"{command.actor} cannot flag a transfer.", field="actor", value=command.actor, way_out="The resolver does.")
    transfer = books.transfer(command.uetr)
    transfer.flag_unanswered(books.decision(), command.since)
    return _transfer_result(transfer)


def resolve_unanswered(command: c.ResolveUnanswered, books: Books) -> Outcome:
    """The creditor agent says at last what became of a silent transfer."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    check_owner(by, transfer.pricing.creditor_agent)
    late = command.outcome == "paid" and transfer.state == "refunded"
    if not late:
        transfer.check_unanswered()
    if command.outcome == "paid":
        return pay_transfer(command, books)
    if command.outcome == "refused":
        return refuse_transfer(command, books)
    transfer.note_answered(by)
    return _transfer_result(transfer)


def freeze_transfer(command: c.FreezeTransfer, books: Books) -> Result:
    """An officer stops a transfer in flight and thereby opens a case."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    check_officer(by)
    transfer.check_can_freeze()
    case = f"freeze-{command.uetr}-{transfer.version}"
    books.add(ComplianceCase.open(ids.case_stream(command.corridor, case), by, case=case, kind="freeze", uetr=command.uetr))
    transfer.freeze(by, case)
    return {**_transfer_result(transfer), "case": case}


def give_opinion(command: c.GiveOpinion, books: Books) -> Result:
    """The second agreeing officer decides the case; what follows for the transfer happens in the same commit."""
    case = books.case(command.case)
    transfer = books.transfer(case.uetr)
    by = books.decision()
    outcome = case.outcome_with(by, command.opinion)
    fund = outcome == "clear" and case.kind == "hold" and not transfer.quote_lapsed(by.at)
    waits_for_room = False
    if fund:
        try:
            books.post(posting.funding(transfer.id, transfer.pricing))
        except Refusal as refusal:
            if not refusal.transient:
                raise
            waits_for_room = True
    case.give_opinion(by, command.opinion, command.reasons)
    if outcome == "reject" and case.kind == "hold":
        transfer.reject(by, "MS03")
    elif outcome == "clear" and case.kind == "hold":
        transfer.clear_hold(by, case.case)
        if not fund:
            transfer.reject(by, "AM21")
        elif not waits_for_room:
            transfer.fund(by)
    elif outcome == "clear":
        transfer.lift_freeze(by, case.case)
    return {**_transfer_result(transfer), "case": case.case, "outcome": case.outcome or "open"}


def _transfer_result(transfer: Transfer) -> Result:
    return {"uetr": str(transfer.id), "state": transfer.state}


# Settlement and treasury


def fund_position(command: c.FundPosition, books: Books) -> Result:
    """Prefund, confirmed by the settlement bank."""
    movement = _new_movement(command, books, Movement.position_funded)
    if movement is not None:
        books.post(posting.prefund(movement.id, command.participant, command.currency, command.amount))
        books.add(movement)
    return {"reference": command.reference, "changed": movement is not None}


def request_withdrawal(command: c.RequestWithdrawal, books: Books) -> Result:
    """A participant takes part of its position back, through settling."""
    movement = _new_movement(command, books, Movement.withdrawal_requested)
    if movement is not None:
        books.post(posting.withdrawal(movement.id, command.participant, command.currency, command.amount))
        books.add(movement)
    return {"reference": command.reference, "changed": movement is not None}


def confirm_withdrawal(command: c.ConfirmWithdrawal, books: Books) -> Result:
    """The settlement bank confirmed that the withdrawal left."""
    movement = books.movement(command.reference)
    by = books.decision()
    movement.check_waits(by)
    books.post(posting.withdrawal_paid(movement.id, movement.currency, movement.amount))
    movement.withdrawal_paid(by, command.bank_reference)
    return {"reference": command.reference, "changed": True}


def charge_settlement(command: c.ChargeSettlement, books: Books) -> Result:
    """The settlement bank charged the corridor's account."""
    movement = _new_movement(command, books, Movement.settlement_charged)
    if movement is not None:
        books.post(posting.settlement_charge(movement.id, command.participant, command.currency, command.amount))
        books.add(movement)
    return {"reference": command.reference, "changed": movement is not None}


def move_cash(command: c.MoveCash, books: Books) -> Result:
    """A bank's treasury reports float, cover or fees taken, in its own currency."""
    begin = partial(Movement.cash_moved, cash_kind=command.kind)
    movement = _new_movement(command, books, begin, currency=books.terms.participant(command.participant).currency)
    if movement is not None:
        books.post(posting.cash_moved(command.kind, movement.id, command.participant, command.currency, command.amount))
        books.add(movement)
    return {"reference": command.reference, "changed": movement is not None}


def _new_movement(command: c.MovementCommand, books: Books, begin: Callable[..., Movement], currency: str | None = None) -> Movement | None:
    """A movement not booked yet, begun by ``begin``, which checks who may report it; None when the very same one is booked.

    Raises NotPermitted, CurrencyNotAccepted, AmountInvalid, MovementAlreadyBooked for other data under the same reference.
    """
    books.terms.participant(command.participant)
    expected = currency or books.terms.settlement.currency
    if command.currency != expected:
        raise CurrencyNotAccepted(
            f"This movement is in {expected}, not {command.currency}.",
            field="currency",
            value=command.currency,
            way_out=f"Report it in {expected}.",
        )
    _check_amount(command)
    movement = begin(
        ids.movement_stream(command.corridor, command.reference),
        books.decision(),
        participant=command.participant,
        currency=command.currency,
        amount=command.amount,
        reference=command.reference,
    )
    known = books.movement_or_none(command.reference)
    if known is None:
        return movement
    if not known.says_the_same(movement):
        raise MovementAlreadyBooked(
            f"Reference {command.reference!r} was booked with other data.",
            field="reference",
            value=command.reference,
            way_out="Use the bank's own, unique reference.",
        )
    return None


def close_cycle(command: c.CloseCycle, books: Books) -> Result:
    """Nets the positions as they stood at the end of the commit before this one."""
    _check_operator(command)
    terms, corridor, by = books.terms, books.corridor, books.decision()
    usd = terms.settlement.currency
    from_boundary = corridor.last_boundary
    positions = books.positions(terms.participants, usd)
    already_due: dict[str, int] = {}
    for number in corridor.unsettled_cycles:
        for participant, amount in books.cycle(number).due_in.items():
            already_due[participant] = already_due.get(participant, 0) + amount
    number = corridor.last_cycle + 1
    stream = ids.cycle_stream(command.corridor, number)
    retained = {p: _retained(p, positions[p], books) for p in terms.participants}
    pay_ins, pay_outs = SettlementCycle.net(positions, retained, already_due)
    books.post(posting.cycle_close(stream, usd, pay_outs))
    corridor.close_cycle(by, books.position)
    cycle = SettlementCycle.close(
        stream,
        by,
        number=number,
        from_boundary=from_boundary,
        to_boundary=books.position,
        currency=usd,
        positions=positions,
        pay_ins=pay_ins,
        pay_outs=pay_outs,
    )
    books.add(cycle)
    if cycle.settled:
        corridor.settle_cycle(by, number)
    return {"cycle": number, "boundary": books.position, "pay_ins": cycle.due_in, "pay_outs": cycle.due_out}


def _retained(participant: str, position: int, books: Books) -> int:
    """What stays on a position at the close; a frozen account takes part in no pay-out, so all of it stays."""
    retained = books.terms.retained(participant)
    account = books.account(f"{participant}:position:{books.terms.settlement.currency}")
    return retained if account.status == "open" else max(retained, position)


def confirm_pay_in(command: c.ConfirmPayIn, books: Books) -> Result:
    """A payer's money arrived at the settlement bank."""
    cycle, by = _cycle_payment(command, books)
    cycle.check_due_in(command.participant, command.amount)
    books.post(posting.pay_in(cycle.id, command.participant, cycle.currency, command.amount))
    cycle.paid_in(by, command.participant, command.amount, command.bank_reference)
    return _cycle_result(cycle, by, books)


def confirm_pay_out(command: c.ConfirmPayOut, books: Books) -> Result:
    """A payee's money left the settlement bank; never beyond the cash held."""
    cycle, by = _cycle_payment(command, books)
    cycle.check_due_out(command.participant, command.amount)
    books.post(posting.pay_out(cycle.id, cycle.currency, command.amount))
    cycle.paid_out(by, command.participant, command.amount, command.bank_reference)
    return _cycle_result(cycle, by, books)


def _cycle_payment(command: c.CycleCommand, books: Books) -> tuple[SettlementCycle, Decision]:
    by = books.decision()
    check_settlement_bank(by)
    return books.cycle(command.cycle), by


def _cycle_result(cycle: SettlementCycle, by: Decision, books: Books) -> Result:
    if cycle.settled:
        books.corridor.settle_cycle(by, cycle.number)
    return {"cycle": cycle.number, "settled": cycle.settled}


# Reconciliation


def record_break(command: c.RecordBreak, books: Books) -> Result:
    """The night job found a difference; the same one found again changes nothing."""
    if not command.actor.startswith("system:"):
        raise NotPermitted(
            f"{command.actor} cannot record breaks.", field="actor", value=command.actor, way_out="Let the night job find it."
        )
    books.account(command.account)
    known = books.break_or_none(command.break_id)
    if known is None:
        facts = {
            k: getattr(command, k) for k in ("break_id", "break_class", "account", "difference", "statement", "reference", "business_date")
        }
        books.add(ReconciliationBreak.find(ids.break_stream(command.corridor, command.break_id), books.decision(), **facts))
    return {"break": command.break_id, "changed": known is None}


def park_break(command: c.ParkBreak, books: Books) -> Result:
    """The second officer brings the mirrored account to the statement's amount."""
    found = books.reconciliation_break(command.break_id)
    by = books.decision()
    if found.second_officer_agrees(by, "park", ""):
        books.post(posting.parked(found.id, found.account, found.difference))
    return {"break": command.break_id, "parked": found.park(by)}


def resolve_break(command: c.ResolveBreak, books: Books) -> Result:
    """The second officer moves a parked difference where it belongs, or accepts the explanation of an unparked one."""
    found = books.reconciliation_break(command.break_id)
    by = books.decision()
    agreed = found.second_officer_agrees(by, "resolve", command.to_account)
    if command.to_account:
        books.account(command.to_account)
    if agreed and command.to_account:
        books.post(posting.resolved(found.id, command.to_account, found.difference))
    return {"break": command.break_id, "resolved": found.resolve(by, command.to_account, command.explanation)}


def _check_operator(command: c.Command) -> None:
    if not command.actor.startswith(("operator:", "system:")):
        raise NotPermitted(
            f"{command.actor} cannot operate the corridor.", field="actor", value=command.actor, way_out="Let an operator do it."
        )


HANDLERS: dict[type[c.Command], Callable[[Any, Books], Outcome]] = {
    c.OpenCorridor: open_corridor,
    c.RegisterKey: register_key,
    c.RevokeKey: revoke_key,
    c.SetAccountStatus: set_account_status,
    c.ReceiveMessage: receive_message,
    c.PublishRateSheet: publish_rate_sheet,
    c.AskQuote: ask_quote,
    c.InitiateTransfer: initiate_transfer,
    c.FundTransfer: fund_transfer,
    c.MeetCondition: meet_condition,
    c.AcceptTransfer: accept_transfer,
    c.PayTransfer: pay_transfer,
    c.RefuseTransfer: refuse_transfer,
    c.CancelTransfer: cancel_transfer,
    c.ExpireTransfer: expire_transfer,
    c.ReturnTransfer: return_transfer,
    c.RequestRecall: request_recall,
    c.AnswerRecall: answer_recall,
    c.FlagUnanswered: flag_unanswered,
    c.ResolveUnanswered: resolve_unanswered,
    c.FreezeTransfer: freeze_transfer,
    c.GiveOpinion: give_opinion,
    c.FundPosition: fund_position,
    c.RequestWithdrawal: request_withdrawal,
    c.ConfirmWithdrawal: confirm_withdrawal,
    c.ChargeSettlement: charge_settlement,
    c.MoveCash: move_cash,
    c.CloseCycle: close_cycle,
    c.ConfirmPayIn: confirm_pay_in,
    c.ConfirmPayOut: confirm_pay_out,
    c.RecordBreak: record_break,
    c.ParkBreak: park_break,
    c.ResolveBreak: resolve_break,
}
