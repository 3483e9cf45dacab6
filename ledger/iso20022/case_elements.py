"""Writes what recalls and their answers have in common."""

from __future__ import annotations

from lxml import etree

from ledger.domain.money import format_amount
from ledger.iso20022.cases import Assignment, Case, CaseReason, OriginalTransfer, PartyOrAgent
from ledger.iso20022.elements import add_agent, add_party, branch, leaf
from ledger.iso20022.values import write_exact_instant


def version_to_write(asked_for: str | None, read_in: str, written: tuple[str, ...]) -> str:
    """The version asked for, else the one a message was read in where that is ``written``, else the first of these.

    Raises ValueError for a version that is not written.
    """
    version = asked_for or (read_in if read_in in written else written[0])
    if version not in written:
        raise ValueError(f"{version} is not written; {', '.join(written)} are")
    return version


def add_assignment(message: etree._Element, assignment: Assignment) -> None:
    """Assgnmt."""
    element = branch(message, "Assgnmt")
    leaf(element, "Id", assignment.id)
    add_party_or_agent(element, "Assgnr", assignment.assigner)
    add_party_or_agent(element, "Assgne", assignment.assignee)
    leaf(element, "CreDtTm", write_exact_instant(assignment.created_at))


def add_party_or_agent(parent: etree._Element, name: str, one: PartyOrAgent | None) -> None:
    """A Party40Choice, nothing where there is none."""
    if one is None:
        return
    element = branch(parent, name)
    if one.party is not None:
        add_party(element, "Pty", one.party)
    else:
        add_agent(element, "Agt", one.agent)


def add_case(parent: etree._Element, name: str, case: Case | None) -> None:
    """A Case, nothing where there is none."""
    if case is not None:
        add_case_fields(branch(parent, name), case)


def add_case_fields(element: etree._Element, case: Case) -> None:
    """What stands in a Case."""
    leaf(element, "Id", case.id)
    add_party_or_agent(element, "Cretr", case.creator)
    if case.reopened is not None:
        leaf(element, "ReopCaseIndctn", "true" if case.reopened else "false")


def add_original_amount(element: etree._Element, original: OriginalTransfer) -> None:
    """The original transfer's settlement amount and date."""
    if original.amount is not None:
        minor, currency = original.amount
        leaf(element, "OrgnlIntrBkSttlmAmt", format_amount(minor, currency), Ccy=currency)
    if original.settlement_date is not None:
        leaf(element, "OrgnlIntrBkSttlmDt", original.settlement_date.isoformat())


def add_reasons(parent: etree._Element, name: str, reasons: tuple[CaseReason, ...]) -> None:
    """CxlRsnInf or CxlStsRsnInf, as often as there are reasons."""
    for reason in reasons:
        element = branch(parent, name)
        if reason.originator is not None:
            add_party(element, "Orgtr", reason.originator)
        if reason.code or reason.proprietary:
            leaf(branch(element, "Rsn"), "Cd" if reason.code else "Prtry", reason.word)
        for line in reason.information:
            leaf(element, "AddtlInf", line)
