"""The corridor's usage guideline as data: which elements of a pacs.008 a sender must, may and must not use, and in which characters.

The rules judge; this says beforehand what they ask for. docs/reference/usage-guideline.md shows it, and tests hold both against the reader:
an element that is called required is missed, one that is called allowed is not.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Use(StrEnum):
    """What a sender does with an element."""

    REQUIRED = "required"
    CONDITIONAL = "conditional"  # the note says when
    ALLOWED = "allowed"
    REFUSED = "refused"


class Characters(StrEnum):
    """In which characters its text is written."""

    X = "X"
    EXTENDED = "X, extended"
    FORM = "own form"  # codes, amounts, dates, BIC, IBAN, LEI, UUID
    ANY = "any script"


class Element(NamedTuple):
    """One row: the path below GrpHdr or CdtTrfTxInf, what is done with it, its characters, its length at most, and a note."""

    path: str
    use: Use
    characters: Characters
    length_max: int | None
    note: str


def _party(name: str, who: str) -> tuple[Element, ...]:
    address = f"{name}/PstlAdr"
    return (
        Element(f"{name}/Nm", Use.REQUIRED, Characters.EXTENDED, 140, f"the {who}'s name in Latin letters"),
        Element(f"{address}/StrtNm", Use.ALLOWED, Characters.EXTENDED, 70, ""),
        Element(f"{address}/BldgNb", Use.ALLOWED, Characters.EXTENDED, 16, ""),
        Element(f"{address}/PstBx", Use.ALLOWED, Characters.EXTENDED, 16, ""),
        Element(f"{address}/PstCd", Use.ALLOWED, Characters.EXTENDED, 16, ""),
        Element(f"{address}/TwnNm", Use.REQUIRED, Characters.EXTENDED, 35, ""),
        Element(f"{address}/Ctry", Use.REQUIRED, Characters.FORM, None, "ISO 3166, two letters"),
        Element(f"{address}/AdrLine", Use.ALLOWED, Characters.EXTENDED, 70, "what has no field of its own"),
        Element(f"{address}/AdrLine[3]", Use.REFUSED, Characters.EXTENDED, None, "two lines at most"),
        Element(f"{name}/Id/PrvtId/DtAndPlcOfBirth", Use.ALLOWED, Characters.FORM, None, "with date, town and country"),
        Element(f"{name}/Id/PrvtId/Othr", Use.ALLOWED, Characters.X, 35, "a document, with its number in Id"),
        Element(f"{name}/CtryOfRes", Use.ALLOWED, Characters.FORM, None, "ISO 3166"),
    )


PACS_008: Final = (
    Element("GrpHdr/MsgId", Use.REQUIRED, Characters.X, 35, "one id, one content, for ever"),
    Element("GrpHdr/CreDtTm", Use.REQUIRED, Characters.FORM, None, "taken as UTC where it has no offset"),
    Element("GrpHdr/NbOfTxs", Use.REQUIRED, Characters.FORM, None, "the number of transfers"),
    Element("GrpHdr/CtrlSum", Use.ALLOWED, Characters.FORM, None, "must be the sum of the settlement amounts"),
    Element("GrpHdr/SttlmInf/SttlmMtd", Use.REQUIRED, Characters.FORM, None, "CLRG, COVE, INDA or INGA"),
    Element("GrpHdr/InstgAgt", Use.ALLOWED, Characters.FORM, None, "the bank that sends the file"),
    Element("GrpHdr/InstdAgt", Use.ALLOWED, Characters.FORM, None, ""),
    Element("PmtId/InstrId", Use.REQUIRED, Characters.X, 35, "no slash at its ends, no two in a row"),
    Element("PmtId/EndToEndId", Use.REQUIRED, Characters.X, 35, "likewise; NOTPROVIDED at least"),
    Element("PmtId/TxId", Use.ALLOWED, Characters.X, 35, "likewise"),
    Element("PmtId/UETR", Use.REQUIRED, Characters.FORM, None, "UUID version 4 in lower case"),
    Element("PmtTpInf/LclInstrm/Prtry", Use.ALLOWED, Characters.FORM, None, "the product; account_to_account where it is absent"),
    Element("PmtTpInf/CtgyPurp/Cd", Use.ALLOWED, Characters.FORM, None, "of ExternalCategoryPurpose1Code"),
    Element("IntrBkSttlmAmt", Use.REQUIRED, Characters.FORM, None, "no more decimals than its currency has"),
    Element("IntrBkSttlmDt", Use.CONDITIONAL, Characters.FORM, None, "here, or once in GrpHdr"),
    Element("AccptncDtTm", Use.ALLOWED, Characters.FORM, None, ""),
    Element("InstdAmt", Use.ALLOWED, Characters.FORM, None, "what the debtor sends; where absent, the settlement amount is"),
    Element("XchgRate", Use.CONDITIONAL, Characters.FORM, None, "required where InstdAmt is in another currency"),
    Element("ChrgBr", Use.REQUIRED, Characters.FORM, None, "DEBT, SHAR or CRED; SLEV is refused"),
    Element("InstgAgt", Use.ALLOWED, Characters.FORM, None, ""),
    Element("InstdAgt", Use.ALLOWED, Characters.FORM, None, ""),
    *_party("Dbtr", "debtor"),
    Element("DbtrAcct", Use.CONDITIONAL, Characters.X, 34, "one IBAN or one other number; required unless cash is handed in"),
    Element("DbtrAgt/FinInstnId", Use.REQUIRED, Characters.FORM, None, "BICFI, LEI or both"),
    Element("CdtrAgt/FinInstnId", Use.REQUIRED, Characters.FORM, None, "BICFI, LEI or both"),
    *_party("Cdtr", "creditor"),
    Element("CdtrAcct", Use.CONDITIONAL, Characters.X, 34, "one IBAN or one other number; required unless cash is paid out"),
    Element("Purp/Cd", Use.ALLOWED, Characters.FORM, None, "of ExternalPurpose1Code; the corridor's terms ask for one that they list"),
    Element("RmtInf/Ustrd", Use.ALLOWED, Characters.EXTENDED, 140, ""),
    Element("SplmtryData", Use.ALLOWED, Characters.ANY, None, "of our namespace: names in their own script, evidence, release condition"),
)
"""pacs.008; paths without GrpHdr are below CdtTrfTxInf, and of an address the fields most used are shown."""
