"""Reads what recalls and their answers have in common out of their fields, and keeps count of every rule that is broken."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from ledger.iso20022.case_rules import CaseRule
from ledger.iso20022.cases import Assignment, Case, CaseReason, OriginalTransfer, PartyOrAgent
from ledger.iso20022.checked import CheckedFields
from ledger.iso20022.errors import ElementMissing, ElementRepeated, ValueInvalid
from ledger.iso20022.fields import Fields
from ledger.iso20022.parties import Agent
from ledger.iso20022.rules import Finding, Rule
from ledger.iso20022.status_report import OriginalMessage
from ledger.iso20022.values import is_code, read_count, read_decimal

_MAY_REPEAT = ("CxlRsnInf", "CxlStsRsnInf", "AddtlInf", "AdrLine", "Othr", "RjctdMod", "NbOfTxsPerCxlSts", "ChrgsInf", "Chrgs")
# What is not carried is not judged either.
_NOT_READ = ("OrgnlTxRef", "SplmtryData", "Compstn", "RmtInf", "RltdRmtInf", "PrtryAcct")


class CaseFields(CheckedFields):
    """The fields of one part of a recall, an answer or an announcement."""

    def check_repeated(self) -> None:
        """Notes what stands more often than the standard allows."""
        for path in self.fields.repeated:
            if not path.endswith(_MAY_REPEAT) and not any(name in path for name in _NOT_READ):
                self.breach(Rule.ELEMENT_REPEATED, path)

    def party_or_agent(self, path: str) -> PartyOrAgent | None:
        """A Party40Choice; before 2009 the element itself held a BIC. None where it is absent or says nothing."""
        if self.fields.has(f"{path}/Pty"):
            return PartyOrAgent(party=self.party(f"{path}/Pty", None))
        if self.fields.text(path) is not None:
            bic = self.bic(path)
            return PartyOrAgent(agent=Agent(bic=bic)) if bic is not None else None
        agent = self.agent(f"{path}/Agt")
        return PartyOrAgent(agent=agent) if agent is not None else None

    def indicator(self, path: str) -> bool | None:
        """A YesNoIndicator."""
        text = self.fields.text(path)
        if text is None:
            return None
        if text not in ("true", "false", "1", "0"):
            self.breach(CaseRule.INDICATOR_INVALID, path)
            return None
        return text in ("true", "1")

    def count(self, path: str) -> int | None:
        """A Max15NumericText."""
        text = self.fields.text(path)
        if text is None:
            return None
        found = read_count(text)
        if found is None:
            self.breach(CaseRule.COUNT_INVALID, path, text)
        return found

    def case(self, path: str) -> Case | None:
        """A case with its id, None where there is none."""
        number = self.text(f"{path}/Id")
        if number is None:
            return None
        return Case(number, self.party_or_agent(f"{path}/Cretr"), self.indicator(f"{path}/ReopCaseIndctn"))

    def check_known_by(self, uetr: UUID | None, case: Case | None, path: str, seen: set[tuple[UUID, str]]) -> None:
        """Notes that a transfer has no case, which would stand at a path, or stands under it again; ``seen`` are those before it."""
        if case is None and not self.fields.text(f"{path}/Id"):
            self.breach(CaseRule.CASE_MISSING, f"{path}/Id")
        if uetr is not None and case is not None:
            if (uetr, case.id) in seen:
                self.breach(Rule.UETR_REPEATED, "OrgnlUETR", str(uetr))
            seen.add((uetr, case.id))

    def decimal_sum(self, path: str) -> Decimal | None:
        """A DecimalNumber: a sum of amounts irrespective of currency."""
        text = self.fields.text(path)
        if text is None:
            return None
        found = read_decimal(text, digits_max=18, decimals_max=17)
        if found is None:
            self.breach(CaseRule.COUNT_INVALID, path, text)
        return found

    def original(self, uetr: UUID | None) -> OriginalTransfer:
        """The transfer that a transaction is about."""
        return OriginalTransfer(
            uetr=uetr,
            instruction_id=self.text("OrgnlInstrId"),
            end_to_end_id=self.text("OrgnlEndToEndId"),
            transaction_id=self.text("OrgnlTxId"),
            clearing_reference=self.text("OrgnlClrSysRef"),
            amount=self.amount("OrgnlIntrBkSttlmAmt"),
            settlement_date=self.day("OrgnlIntrBkSttlmDt"),
            message=self.original_message("OrgnlGrpInf"),
        )

    def original_message(self, path: str) -> OriginalMessage | None:
        """The message in which a transfer came; its id and name are required where it stands at all."""
        message_id, name = self.text(f"{path}/OrgnlMsgId"), self.text(f"{path}/OrgnlMsgNmId")
        if message_id is None or name is None:
            if self.fields.has(path):
                self.breach(CaseRule.ORIGINAL_MESSAGE_INCOMPLETE, path)
            return None
        return OriginalMessage(message_id, name, self.instant(f"{path}/OrgnlCreDtTm"))

    def reasons(self, path: str, codes: frozenset[str] | None = None) -> tuple[CaseReason, ...]:
        """All reasons, each with its code or word, originator and information. ``codes`` are those in force, None to take any."""
        return tuple(self._reason(sibling, codes) for sibling in self.fields.siblings(path))

    def _reason(self, path: str, codes: frozenset[str] | None) -> CaseReason:
        code = self.fields.text(f"{path}/Rsn/Cd")
        if code is not None and not is_code(code):
            self.breach(CaseRule.REASON_INVALID, f"{path}/Rsn/Cd", code)
            code = None
        elif code is not None and codes is not None and code not in codes:
            self.breach(Rule.REASON_NOT_IN_SET, f"{path}/Rsn/Cd", code)
        originator = f"{path}/Orgtr"
        return CaseReason(
            code=code,
            proprietary=self.text(f"{path}/Rsn/Prtry"),
            originator=self.party(originator, None) if self.fields.has(originator) else None,
            information=self.texts(f"{path}/AddtlInf", 105),
        )


def read_assignment(fields: Fields, xpath: str) -> Assignment:
    """Assgnmt, without which no case can be taken. Raises ElementMissing, ElementRepeated or ValueInvalid."""
    checked = CaseFields(fields, xpath)
    checked.check_repeated()
    number = checked.text("Id")
    assigner, assignee = checked.party_or_agent("Assgnr"), checked.party_or_agent("Assgne")
    created_at = checked.instant("CreDtTm")
    refuse_findings(checked.findings)
    for name, found in (("Id", number), ("Assgnr", assigner), ("Assgne", assignee), ("CreDtTm", created_at)):
        if found is None:
            raise missing(f"{xpath}/{name}")
    assert number is not None and assigner is not None and assignee is not None and created_at is not None
    return Assignment(number, assigner, assignee, created_at)


def read_message_case(fields: Fields, root: str, name: str) -> Case | None:
    """The case that stands with the message itself. Raises ElementRepeated or ValueInvalid."""
    inside = Fields()
    inside.values = {f"{name}/{path}": text for path, text in fields.values.items()}
    inside.counts = {f"{name}/{path}": count for path, count in fields.counts.items()}
    checked = CaseFields(inside, f"/Document/{root}")
    case = checked.case(name)
    refuse_findings(checked.findings)
    return case


def refuse_findings(findings: list[Finding]) -> None:
    """What is wrong with a message's own head makes all of it unreadable. Raises ElementRepeated or ValueInvalid for the first."""
    if findings:
        kind = ElementRepeated if findings[0].rule == Rule.ELEMENT_REPEATED.id else ValueInvalid
        raise kind(findings[0].sentence, field=findings[0].xpath.removeprefix("/Document/"))


def missing(path: str) -> ElementMissing:
    """The message lacks something without which it cannot be read."""
    path = path.removeprefix("/Document/")
    return ElementMissing(f"The message lacks {path}.", field=path, way_out="Send the whole message, as its schema asks.")
