"""What to do about a difference, in one sentence a treasurer can act on."""

from __future__ import annotations

from ledger.domain.break_events import BreakClass
from reconciliation.breaks import Difference

_SENTENCES: dict[BreakClass, str] = {
    "unknown_outcome_confirmed": "{bank} has paid it: let it confirm, then resolve the transfer as paid; the next night matches it.",
    "paid_after_refund": "{bank} paid although the debtor has the money back: recall it; officers of both banks agree who bears it.",
    "duplicate_in_statement": "{bank} shows it again: ask it to reverse the second booking; two officers may park it until then.",
    "amount_differs": "Compare both with the message; ask {bank} to correct its booking, or let two officers park the difference.",
    "missing_in_statement": "Ask {bank} whether it was executed; if not, two officers park the difference until it is.",
    "missing_in_ledger": "Ask {bank} what it is; have the movement reported, or let two officers park and resolve the difference.",
    "balance_differs": "No line explains it: ask {bank} whether a statement is missing, and compare the opening balances.",
}
_IN_FLIGHT = "The transfer is {state} here: ask {bank} what became of it and record the answer; the next night matches it."
_STATES_IN_FLIGHT = ("funded", "dispatched", "accepted")


def next_step(difference: Difference, bank: str) -> str:
    """The sentence for a difference on an account kept at ``bank``."""
    sentence = _SENTENCES[difference.break_class]
    if difference.break_class == "missing_in_ledger" and difference.state in _STATES_IN_FLIGHT:
        sentence = _IN_FLIGHT
    return sentence.format(bank=bank, state=difference.state)
