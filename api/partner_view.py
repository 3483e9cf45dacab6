"""What of the ledger a caller may see.

A bank sees its own accounts and the corridor's, never the other bank's; the settlement bank sees what it mirrors; officers, operators and
auditors see everything. A transfer that was not sent onward yet is ``pending`` to both banks, whether screening holds it, a condition or a
queue does: a hold tips nobody off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.answers import NOT_SENT_ONWARD, told_to_a_bank
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.errors import NotPermitted

_OVERSEERS = ("officer:", "operator:", "auditor:")
_SETTLEMENT_BANK_KINDS = ("settlement_bank", "settling")
# Events that would tell a bank that an officer has looked at a transfer or its parties.
_COMPLIANCE_TOPICS = (
    "Transfer.Held.",
    "Transfer.Cleared.",
    "Transfer.Frozen.",
    "Transfer.FreezeLifted.",
    "ComplianceCase.",
    "PersonalData.",
    "Person.",
)


def oversees(principal: str) -> bool:
    """Whether the caller sees the whole corridor."""
    return principal.startswith(_OVERSEERS)


def check_oversees(principal: str) -> None:
    """Raises NotPermitted unless an officer or operator asks."""
    if not oversees(principal):
        raise NotPermitted(
            f"{principal} cannot see this.", field="actor", value=principal, way_out="Let an officer or operator of the corridor look."
        )


def sees_account(principal: str, account: str) -> bool:
    """Whether an account (``owner:kind:currency``) is the caller's to see."""
    owner, kind, _ = account.split(":")
    if principal == SETTLEMENT_BANK:
        return kind in _SETTLEMENT_BANK_KINDS
    return oversees(principal) or owner in (principal, "corridor")


def sees_transfer(principal: str, debtor_agent: str, creditor_agent: str) -> bool:
    """Whether a transfer is one of the caller's own, or the caller oversees all."""
    return oversees(principal) or principal in (debtor_agent, creditor_agent)


def sees_event(principal: str, topic: str) -> bool:
    """Whether an event of a transfer the caller sees is one it may know of."""
    return oversees(principal) or not topic.startswith(_COMPLIANCE_TOPICS)


def sees_fact(principal: str, name: str) -> bool:
    """Whether a fact of an event is told. The digest of a collection code is short enough to be guessed back."""
    return oversees(principal) or name != "collection_code_digest"


def shown_refusal(principal: str, refusal: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stored refusal as the caller is told it: one that quotes a state says no more of it than `shown_state`."""
    return refusal if oversees(principal) else told_to_a_bank(refusal)


def shown_state(principal: str, state: str) -> Any:
    """The state of a transfer as the caller is told it."""
    return "pending" if state in NOT_SENT_ONWARD and not oversees(principal) else state
