"""What a corridor adds to a transfer and the standard has no element for: native names, evidence, release condition.

It stands in SplmtryData/Envlp, the place the standard keeps for it ("additional information that cannot be captured in the structured
elements"), in a namespace of its own::

    <Splmt xmlns="urn:corridor-ledger:supplement:1">
      <DbtrNtvNm>…</DbtrNtvNm>  <CdtrNtvNm>…</CdtrNtvNm>
      <Evdnc>…</Evdnc>
      <RlsCond><Knd>parcel_delivered</Knd><Ref>…</Ref><ConfBIC>…</ConfBIC><Ddln>2026-04-10T18:00:00+01:00</Ddln></RlsCond>
    </Splmt>

A bank that does not know it may leave it away; one that forbids supplementary data, as CBPR+ does, cannot carry it.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from ledger.iso20022.checked import CheckedFields
from ledger.iso20022.credit_transfer import ConditionKind, CreditTransfer, ReleaseCondition
from ledger.iso20022.elements import branch, default, leaf
from ledger.iso20022.parties import Party, is_bic
from ledger.iso20022.rules import Rule
from ledger.iso20022.values import read_local_instant, write_instant

NAMESPACE = "urn:corridor-ledger:supplement:1"
_N = f"{{{NAMESPACE}}}"
_PLACE = "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf"


@dataclass(frozen=True, slots=True)
class Supplement:
    """The corridor's additions to one transfer."""

    debtor_native_name: str | None = None
    creditor_native_name: str | None = None
    evidence: tuple[str, ...] = ()
    release_condition: ReleaseCondition | None = None

    def debtor(self, party: Party) -> Party:
        """The debtor with its native name."""
        return party.with_native_name(self.debtor_native_name) if self.debtor_native_name else party

    def creditor(self, party: Party) -> Party:
        """The creditor with its native name."""
        return party.with_native_name(self.creditor_native_name) if self.creditor_native_name else party


NOTHING = Supplement()


def read_supplement(checked: CheckedFields) -> Supplement:
    """The supplement of a transfer, empty where it has none; supplements of other namespaces are left alone."""
    if "SplmtryData" not in checked.fields.counts:
        return NOTHING
    for sibling in checked.fields.siblings("SplmtryData"):
        root = f"{sibling}/Envlp/{_N}Splmt"
        if checked.fields.has(root):
            return Supplement(
                debtor_native_name=checked.text(f"{root}/{_N}DbtrNtvNm", 140),
                creditor_native_name=checked.text(f"{root}/{_N}CdtrNtvNm", 140),
                evidence=checked.texts(f"{root}/{_N}Evdnc", 35),
                release_condition=_condition(checked, f"{root}/{_N}RlsCond"),
            )
    return NOTHING


def _condition(checked: CheckedFields, path: str) -> ReleaseCondition | None:
    if not checked.fields.has(path):
        return None
    kind = checked.text(f"{path}/{_N}Knd")
    reference = checked.text(f"{path}/{_N}Ref")
    bic = checked.text(f"{path}/{_N}ConfBIC", 11)
    deadline = read_local_instant(checked.fields.text(f"{path}/{_N}Ddln") or "")
    known = kind is not None and kind in set(ConditionKind) and bic is not None and is_bic(bic)
    if not known or kind is None or reference is None or bic is None or deadline is None or deadline.tzinfo is None:
        checked.breach(Rule.RELEASE_CONDITION_INVALID, path)
        return None
    return ReleaseCondition(ConditionKind(kind), reference, bic, deadline)


def add_supplement(parent: etree._Element, transfer: CreditTransfer) -> None:
    """Appends SplmtryData to a transfer's element, where there is something to say."""
    if not (transfer.debtor.native_name or transfer.creditor.native_name or transfer.evidence or transfer.release_condition):
        return
    data = branch(parent, "SplmtryData")
    leaf(data, "PlcAndNm", _PLACE)
    root = etree.SubElement(branch(data, "Envlp"), f"{_N}Splmt", nsmap=default(NAMESPACE))
    leaf(root, "DbtrNtvNm", transfer.debtor.native_name)
    leaf(root, "CdtrNtvNm", transfer.creditor.native_name)
    for text in transfer.evidence:
        leaf(root, "Evdnc", text)
    condition = transfer.release_condition
    if condition is not None:
        element = branch(root, "RlsCond")
        leaf(element, "Knd", condition.kind)
        leaf(element, "Ref", condition.reference)
        leaf(element, "ConfBIC", condition.confirmed_by)
        leaf(element, "Ddln", write_instant(condition.deadline))
