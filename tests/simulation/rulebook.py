"""The auditor's own copy of the rules: accounts, the posting table, the life of a transfer. Written from the design, not from the code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
# Account -> signed amount in minor units, debits positive.
Lines = dict[str, int]

DEBIT_SIDE = {"cash", "fx", "settlement_bank"}
FLOORED_AT_ZERO = {"in_flight", "settling", "settlement_bank"}
# I12: refused below a floor and over a frozen account. Everything else records what happened.
ASKS_FOR_MONEY = {"funding", "withdrawal", "withdrawal_paid", "pay_out"}

# Step -> (the states it may follow, the state it leads to). None leaves the state as it is.
SENT = ("dispatched", "accepted")
STEPS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "Held": (("initiated",), "held"),
    "Cleared": (("initiated", "held"), "cleared"),
    "Rejected": (("initiated", "held", "cleared"), "rejected"),
    "Funded": (("cleared",), "funded"),
    "ConditionMet": (("funded",), None),
    "Dispatched": (("funded",), "dispatched"),
    "Accepted": (("dispatched", "paid"), "accepted"),
    "Paid": (SENT, "paid"),
    "Refused": (SENT, "refused"),
    "Cancelled": (("cleared", "funded", *SENT), "cancelled"),
    "Expired": (("funded", "accepted"), "expired"),
    "Refunded": (("refused", "cancelled", "expired"), "refunded"),
    "Returned": (("paid", "returned"), "returned"),
    "Frozen": (("funded", *SENT), None),
    "FreezeLifted": (("funded", *SENT), None),
    "Unanswered": (SENT, None),
    "Answered": (SENT, None),
    "RecallRequested": ((*SENT, "paid", "returned"), None),
    "RecallAnswered": ((*SENT, "paid", "returned", "refunded"), None),
}
NOT_WHILE_FROZEN = {"Paid", "Refused", "Cancelled", "Expired", "Refunded", "ConditionMet", "Frozen"}
NOT_WHILE_UNANSWERED = {"Cancelled", "Expired", "Unanswered"}
IN_FLIGHT = {"funded", "dispatched", "accepted"}
# Where a transfer may stand when a commit is over.
ENDS = {"held", "cleared", "rejected", "funded", "dispatched", "accepted", "paid", "returned", "refunded"}

# Which event books which entries.
STEP_OF_ENTRY: dict[str, Callable[[Json], tuple[str, ...]]] = {
    "Transfer.Funded": lambda said: ("funding",),
    "Transfer.Paid": lambda said: ("payout",),
    "Transfer.Refunded": lambda said: ("refund",),
    "Transfer.Returned": lambda said: ("return",),
    "Movement.PositionFunded": lambda said: ("prefund",),
    "Movement.PayInAnnounced": lambda said: (),
    "Movement.WithdrawalRequested": lambda said: ("withdrawal",),
    "Movement.WithdrawalPaid": lambda said: ("withdrawal_paid",),
    "Movement.SettlementCharged": lambda said: ("settlement_charge",),
    "Movement.CashMoved": lambda said: (said["cash_kind"],),
    "SettlementCycle.Closed": lambda said: ("cycle_close",) if said["pay_outs"] else (),
    "SettlementCycle.PaidIn": lambda said: ("pay_in",),
    "SettlementCycle.PaidOut": lambda said: ("pay_out",),
    "ReconciliationBreak.Parked": lambda said: ("parked",),
    "ReconciliationBreak.Resolved": lambda said: ("resolved",) if said["to_account"] else (),
}
CASH = {
    "float_in": ("cash", "own"),
    "float_out": ("own", "cash"),
    "cover_spent": ("fx", "cash"),
    "cover_received": ("cash", "fx"),
    "fees_taken": ("fees", "cash"),
}  # kind -> (debited, credited)


def lines_of(entry: str, said: Json, transfer: Json | None) -> Lines | None:
    """What the posting table says that an entry books; None where its event alone does not tell (a break's own account)."""
    if transfer is not None:
        lines = _transfer_lines(entry, said, transfer["pricing"])
    elif entry in CASH:
        debited, credited = (f"{said['participant']}:{kind}:{said['currency']}" for kind in CASH[entry])
        lines = {debited: said["amount"], credited: -said["amount"]}
    elif entry in ("prefund", "withdrawal", "settlement_charge"):
        lines = _position_lines(entry, said)
    elif entry == "cycle_close":
        lines = {f"{payee}:position:{said['currency']}": amount for payee, amount in said["pay_outs"].items()}
        lines[f"corridor:settling:{said['currency']}"] = -sum(said["pay_outs"].values())
    else:
        return None
    return {name: amount for name, amount in lines.items() if amount}


def _position_lines(entry: str, said: Json) -> Lines:
    position, amount = f"{said['participant']}:position:{said['currency']}", said["amount"]
    bank, settling = f"corridor:settlement_bank:{said['currency']}", f"corridor:settling:{said['currency']}"
    return {
        "prefund": {bank: amount, position: -amount},
        "withdrawal": {position: amount, settling: -amount},
        "settlement_charge": {position: amount, bank: -amount},
    }[entry]


def _transfer_lines(entry: str, said: Json, p: Json) -> Lines:
    sender, payer = p["debtor_agent"], p["creditor_agent"]
    mad, usd, cny = p["debtor_currency"], p["settlement_currency"], p["creditor_currency"]
    funding = {
        f"{sender}:cash:{mad}": p["instructed"] + p["fee"],
        f"{sender}:fees:{mad}": -(p["fee"] - p["remuneration_cover"]),
        f"{sender}:fx:{mad}": -(p["instructed"] + p["remuneration_cover"]),
        f"{sender}:position:{usd}": p["settlement"] + p["remuneration"],
        f"corridor:in_flight:{usd}": -p["settlement"],
        f"corridor:remuneration:{usd}": -p["remuneration"],
    }
    if entry == "funding":
        return funding
    if entry == "refund":
        lines = {name: -amount for name, amount in funding.items()}
        if not said["fee_given_back"]:
            lines[f"{sender}:cash:{mad}"] += p["fee"]
            lines[f"{sender}:fees:{mad}"] -= p["fee"]
        return lines
    if entry == "payout":
        return {
            f"corridor:in_flight:{usd}": p["settlement"],
            f"corridor:remuneration:{usd}": p["remuneration"],
            f"{payer}:position:{usd}": -(p["settlement"] + p["remuneration"]),
            f"{payer}:fx:{cny}": p["payout"] + p["remuneration_value"],
            f"{payer}:cash:{cny}": -(p["payout"] - p["creditor_fee"]),
            f"{payer}:fees:{cny}": -(p["remuneration_value"] + p["creditor_fee"]),
        }
    yuan, dollars, dirhams = said["part"]
    return {
        f"{payer}:cash:{cny}": yuan,
        f"{payer}:fx:{cny}": -yuan,
        f"{payer}:position:{usd}": dollars,
        f"{sender}:position:{usd}": -dollars,
        f"{sender}:fx:{mad}": dirhams,
        f"{sender}:cash:{mad}": -dirhams,
    }
