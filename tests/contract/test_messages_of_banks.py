"""Other banks' returns and transfers of their own money: every document has its verdict, and what we say we carry survives being written.

What is written is held to the official schema of its version; the file of a newer version is written in one that we have the schema of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.pacs004 import read_pacs004, write_pacs004
from ledger.iso20022.pacs009 import read_pacs009, write_pacs009
from ledger.iso20022.pacs028 import AskedTransfer, StatusRequest, write_pacs028
from ledger.iso20022.values import read_instant
from ledger.iso20022.xml import identify
from tests.unit.message_values import NOON, uetr
from tests.unit.test_iso20022_pacs004 import a_return
from tests.unit.test_iso20022_pacs004 import file as return_file

DUMMIES = "faults: debtor-institution-missing creditor-institution-missing"
RETURNS = {
    "cbpr-ur/fixtures__pacs_004_2025_invalid.xml": "header-contradicts-document",
    "cbpr-ur/fixtures__pacs_004_2025_valid.xml": "taken",
    "cbpr-ur/fixtures__pacs_004_2026_invalid.xml": "header-contradicts-document",
    "cbpr-ur/y2025__pacs.004.max.xml": "taken",
    "cbpr/custom__mt205_pacs_004_1.xml": "taken",
    "cbpr/custom__mt205_pacs_004_2.xml": "taken",
    "cbpr/custom__mt205_pacs_004_4.xml": "taken",
    "cbpr/p_2_1_2__mt103_pacs_004_B_A.xml": "taken",
    "cbpr/p_2_3_1_a__CBPRplus_p.2.3.1.a_pacs.004-BtoA.xml": "taken",
    "cbpr/p_2_3_1_b__CBPRplus_p.2.3.1.b_pacs.004-CtoB.xml": "taken",
}
INSTITUTIONS = {
    "cbpr-ur/2025__pacs009_fi_transfer_sample.xml": "taken: core",
    "cbpr-ur/fixtures__pacs_009_2025_invalid.xml": "header-contradicts-document",
    "cbpr-ur/fixtures__pacs_009_2025_valid.xml": "taken: core",
    "cbpr-ur/fixtures__pacs_009_adv_2025_invalid.xml": "header-contradicts-document",
    "cbpr-ur/fixtures__pacs_009_adv_2025_valid.xml": "faults: uetr-missing settlement-date-missing",
    "cbpr-ur/fixtures__pacs_009_adv_2026_invalid.xml": "header-contradicts-document",
    "cbpr-ur/fixtures__pacs_009_cov_2025_invalid.xml": "header-contradicts-document",
    "cbpr-ur/fixtures__pacs_009_cov_2025_valid.xml": "faults: settlement-date-missing",
    "cbpr-ur/fixtures__pacs_009_cov_2026_invalid.xml": "header-contradicts-document",
    "cbpr-ur/y2025__pacs.009.min.xml": DUMMIES,
    "cbpr-ur/y2025__pacs.009_adv.min.xml": DUMMIES,
    "cbpr-ur/y2025__pacs.009_cov.max.xml": "taken: cov",
    "cbpr-ur/y2026__pacs.009.max.xml": "taken: core",
    "cbpr-ur/y2026__pacs.009_adv.min.xml": DUMMIES,
    "cbpr-ur/y2026__pacs.009_cov.max.xml": "taken: cov",
    "cbpr-ur/y2026__pacs.009_cov.min.xml": DUMMIES,
    "cbpr/P_4_3_2__mt_205_COV_pacs_009_A_B.xml": "taken: cov",
    "cbpr/P_4_3_2__mt_205_COV_pacs_009_B_C.xml": "taken: cov",
    "cbpr/c_106_2_1_a__mt202_pacs_009_B_A.xml": "taken: core",
    "cbpr/c_29_2_2__mt202_pacs_009COV_A_B.xml": "taken: cov",
    "cbpr/c_29_4_1__mt202_pacs_009ADV_B_E.xml": "taken: adv",
    "cbpr/c_56_4_1__CBPRplus_c.56.4.1_pacs.009-BtoC.xml": "taken: core",
    "cbpr/c_56_4_1__CBPRplus_c.56.4.1_pacs.009.adv_BtoE.xml": "taken: adv",
    "cbpr/custom__mt103_fin1.xml": "value-invalid",
    "cbpr/p_2_2_1__CBPRplus_p.2.2.1_pacs.009-BtoC.xml": "taken: core",
    "cbpr/p_2_3_1_a__CBPRplus_p.2.3.1.a_pacs.009.cov-BtoC.xml": "taken: cov",
    "cbpr/p_2_3_1_b__CBPRplus_p.2.3.1.b_pacs.009.cov-BtoC.xml": "taken: cov",
    "cbpr/p_2_3_1_b__mt202_pacs_009COV_A_B.xml": "taken: cov",
    "cbpr/p_2_4_1__CBPRplus_p.2.4.1_pacs.009-CtoD.xml": "taken: core",
    "cbpr/p_9_1_2_b__mt202_pacs_009ADV.xml": "taken: adv",
    "cbpr/pc_09_1_1__mt200_pacs_009_C_D.xml": "taken: core",
    "cbpr/pc_09_1_1__mt202_pacs_009_A_B.xml": "taken: adv",
}

# What docs/reference/messages.md says of a bank, a party, an account, a message.
BANK = ("BICFI", "LEI", "Nm", "ClrSysMmbId/MmbId")
ADDRESS = (
    "StrtNm",
    "BldgNb",
    "BldgNm",
    "Flr",
    "PstBx",
    "Room",
    "PstCd",
    "TwnNm",
    "TwnLctnNm",
    "DstrctNm",
    "CtrySubDvsn",
    "Ctry",
    "AdrLine",
)
BIRTH = ("BirthDt", "PrvcOfBirth", "CityOfBirth", "CtryOfBirth")
NUMBER = ("Othr/Id", "Othr/SchmeNm/Cd", "Othr/SchmeNm/Prtry", "Othr/Issr")
PARTY = (
    "Nm",
    *(f"PstlAdr/{name}" for name in ADDRESS),
    *(f"Id/PrvtId/{name}" for name in (*NUMBER, *(f"DtAndPlcOfBirth/{part}" for part in BIRTH))),
    *(f"Id/OrgId/{name}" for name in ("AnyBIC", "LEI", *NUMBER)),
    "CtryOfRes",
)
ACCOUNT = ("Id/IBAN", "Id/Othr/Id", "Ccy", "Nm")
ORIGINAL = ("OrgnlMsgId", "OrgnlMsgNmId", "OrgnlCreDtTm")
GROUP = ("GrpHdr/MsgId", "GrpHdr/CreDtTm", "GrpHdr/NbOfTxs", "GrpHdr/CtrlSum", "GrpHdr/IntrBkSttlmDt", "GrpHdr/SttlmInf/SttlmMtd")


def below(path: str, names: tuple[str, ...]) -> list[str]:
    return [f"{path}/{name}" for name in names]


def banks(*paths: str) -> list[str]:
    return [f"{path}/FinInstnId/{name}" for path in paths for name in BANK]


def ends(*paths: str) -> list[str]:
    return [name for path in paths for name in (*below(f"{path}/Pty", PARTY), *banks(f"{path}/Agt"))]


ON_THE_WAY = [f"{name}{number}" for name in ("PrvsInstgAgt", "IntrmyAgt") for number in (1, 2, 3)]
AT_THE_ENDS = ("Dbtr", "Cdtr")
A_RETURN = [
    *("RtrId", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlTxId", "OrgnlUETR", "OrgnlClrSysRef", "OrgnlIntrBkSttlmAmt"),
    *("OrgnlIntrBkSttlmDt", "RtrdIntrBkSttlmAmt", "IntrBkSttlmDt", "RtrdInstdAmt", "XchgRate", "CompstnAmt", "ChrgBr", "ChrgsInf/Amt"),
    *("ClrSysRef", "RtrRsnInf/Rsn/Cd", "RtrRsnInf/Rsn/Prtry", "RtrRsnInf/AddtlInf"),
    *below("OrgnlGrpInf", ORIGINAL),
    *below("RtrRsnInf/Orgtr", PARTY),
    *banks("InstgAgt", "InstdAgt", "RtrChain/DbtrAgt", "RtrChain/CdtrAgt", *(f"RtrChain/{name}" for name in ON_THE_WAY)),
    *ends(*(f"RtrChain/{name}" for name in (*AT_THE_ENDS, "UltmtDbtr", "UltmtCdtr", "InitgPty"))),
]
A_TRANSFER = [
    *("PmtId/InstrId", "PmtId/EndToEndId", "PmtId/TxId", "PmtId/UETR", "PmtId/ClrSysRef", "IntrBkSttlmAmt", "IntrBkSttlmDt", "SttlmPrty"),
    *("Purp/Cd", "RmtInf/Ustrd"),
    *banks("InstgAgt", "InstdAgt", *ON_THE_WAY, "DbtrAgt", "CdtrAgt", *AT_THE_ENDS),
    *below("DbtrAcct", ACCOUNT),
    *below("CdtrAcct", ACCOUNT),
    *banks("UndrlygCstmrCdtTrf/DbtrAgt", "UndrlygCstmrCdtTrf/CdtrAgt"),
    *(name for end in AT_THE_ENDS for name in below(f"UndrlygCstmrCdtTrf/{end}", PARTY)),
    *(name for end in AT_THE_ENDS for name in below(f"UndrlygCstmrCdtTrf/{end}Acct", ACCOUNT)),
    *("UndrlygCstmrCdtTrf/RmtInf/Ustrd", "UndrlygCstmrCdtTrf/InstdAmt"),
]


@dataclass(frozen=True)
class Kind:
    """How a message is read and written, and the paths below its message element that are carried."""

    read: Callable[[bytes], Any]
    write: Callable[..., bytes]
    carried: tuple[str, ...]


KINDS = {
    "pacs.004": Kind(read_pacs004, write_pacs004, (*GROUP, *banks("GrpHdr/InstgAgt", "GrpHdr/InstdAgt"), *below("TxInf", tuple(A_RETURN)))),
    "pacs.009": Kind(
        read_pacs009, write_pacs009, (*GROUP, *banks("GrpHdr/InstgAgt", "GrpHdr/InstdAgt"), *below("CdtTrfTxInf", tuple(A_TRANSFER)))
    ),
}


def kind_of(name: str) -> Kind:
    return KINDS["pacs.004" if name in RETURNS else "pacs.009"]


def verdict(name: str, data: bytes) -> str:
    try:
        file = kind_of(name).read(data)
    except UnreadableMessage as refused:
        return refused.code
    broken = [finding.rule for outcome in file.outcomes if isinstance(outcome, TransferFault) for finding in outcome.findings]
    if broken:
        return "faults: " + " ".join(broken)
    return f"taken: {file.use}" if "pacs.009" in file.group.version else "taken"


def texts(data: bytes, carried: tuple[str, ...]) -> dict[str, list[str]]:
    """What stands at each path of the message: numbers and instants in one form, charges of nothing left away."""
    document = next(element for element in etree.fromstring(data).iter("{*}Document"))
    (message,) = document
    return {path: found for path in carried if (found := [plain(path, element) for element in at(message, path) if element.text])}


def at(message: etree._Element, path: str) -> list[etree._Element]:
    found = message.findall("/".join(f"{{*}}{name}" for name in path.split("/")))
    return [element for element in found if not (path.endswith("ChrgsInf/Amt") and not (element.text or "").strip("0."))]


def plain(path: str, element: etree._Element) -> str:
    text = (element.text or "").strip()
    if path.endswith("Amt"):
        return f"{element.get('Ccy')} {Decimal(text).normalize():f}"
    if path.endswith(("XchgRate", "CtrlSum")):
        return f"{Decimal(text).normalize():f}"
    if path.endswith("CreDtTm"):
        return str(read_instant(text))
    return text


@pytest.mark.parametrize("name", [*RETURNS, *INSTITUTIONS])
def test_every_document_has_its_verdict(conformance_data: Path, name: str) -> None:
    """Taken as what it is, or refused by the rules that it breaks."""
    assert verdict(name, (conformance_data / "iso20022" / name).read_bytes()) == {**RETURNS, **INSTITUTIONS}[name]


def test_no_document_is_left_out(conformance_data: Path) -> None:
    """Every file of our kinds is in the table."""
    found = set()
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            version = identify(path.read_bytes())
        except UnreadableMessage:
            continue
        if version.startswith(("pacs.004", "pacs.009", "pacs.028")):
            found.add(f"{path.parent.name}/{path.name}")
    assert found <= {*RETURNS, *INSTITUTIONS}


@pytest.mark.parametrize("name", [name for name, expected in {**RETURNS, **INSTITUTIONS}.items() if expected.startswith("taken")])
def test_nothing_that_is_carried_gets_lost(conformance_data: Path, name: str) -> None:
    """Element by element, what stands in the bank's document stands in ours, and ours is valid."""
    data = (conformance_data / "iso20022" / name).read_bytes()
    kind = kind_of(name)
    file = kind.read(data)
    written = kind.write(file)
    version = identify(written)
    schema = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{version}.xsd")))
    schema.validate(etree.fromstring(written))
    assert [f"{error.line}: {error.message}" for error in schema.error_log] == []
    assert texts(written, kind.carried) == texts(data, kind.carried)
    assert kind.read(written).outcomes == file.outcomes


@pytest.mark.parametrize("version", ["pacs.004.001.09", "pacs.004.001.11", "pacs.004.001.13"])
def test_returns_are_valid_in_every_version_that_has_a_schema(conformance_data: Path, version: str) -> None:
    """What we write stands in the order of them all."""
    written = write_pacs004(read_pacs004(return_file(a_return())), version)
    schema = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{version}.xsd")))
    assert schema.validate(etree.fromstring(written)), schema.error_log


def test_questions_are_valid(conformance_data: Path) -> None:
    """With all that a question can hold, and with nothing but a UETR."""
    full = AskedTransfer(2, uetr(2), "Q2", None, "I2", "E2", "T2", NOON, "C2")
    written = write_pacs028(StatusRequest("Q", NOON, (AskedTransfer(1, uetr(1)), full)))
    schema = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / "pacs.028.001.03.xsd")))
    assert schema.validate(etree.fromstring(written)), schema.error_log
