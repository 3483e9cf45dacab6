"""Other banks' messages, read as they come: none crashes the readers, and each has its verdict.

``taken`` is followed by what was tolerated, ``faults`` by the rules a transfer breaks, an error by its code. The files whose names
say 'valid' and 'min' or 'max' fill every place with dummies; several leave out what a corridor cannot do without.
"""

from pathlib import Path

import pytest

from ledger.iso20022.camt053 import read_camt053
from ledger.iso20022.camt054 import read_camt054
from ledger.iso20022.errors import UnexpectedMessage, UnreadableMessage
from ledger.iso20022.pacs008 import read_pacs008
from ledger.iso20022.xml import identify

NEWER = "taken, newer than its header"
NO_ADDRESS = "debtor-town-missing debtor-country-missing creditor-town-missing creditor-country-missing"
NO_ACCOUNT = "debtor-account-missing creditor-account-missing"
DUMMIES = f"faults: uetr-missing settlement-date-missing creditor-town-missing creditor-country-missing {NO_ACCOUNT}"

TRANSFERS = {
    "cbpr-ur/2025__CBPRplus_p.8.1.1.a_pacs.008_AtoB.xml": "taken",
    "cbpr-ur/2025__cbprplus_pacs008_2025.xml": "taken",
    "cbpr-ur/2025__cbprplus_pacs008_sample_bic_mismatch.xml": "header-contradicts-document",
    "cbpr-ur/2025__cbprplus_pacs008_sample_tag_mismatch_issue.xml": "taken",
    "cbpr-ur/2025__cbprplus_pacs008_sample_xsd_issue.xml": "faults: element-repeated",
    "cbpr-ur/2026__pacs008_credit_transfer_sample.xml": "taken",
    "cbpr-ur/fixtures__pacs_008_2025_invalid.xml": "header-contradicts-document",
    "cbpr-ur/fixtures__pacs_008_2025_valid.xml": DUMMIES,
    "cbpr-ur/fixtures__pacs_008_2026_valid.xml": DUMMIES,
    "cbpr-ur/fixtures__pacs_008_stp_2025_valid.xml": "faults: uetr-missing settlement-date-missing",
    "cbpr-ur/fixtures__pacs_008_stp_2026_valid.xml": "faults: uetr-missing settlement-date-missing",
    "cbpr-ur/y2025__pacs.008_stp.max.xml": "faults: purpose-not-in-set category-purpose-not-in-set",
    "cbpr-ur/y2025__pacs.008_stp.min.xml": f"faults: {NO_ADDRESS} debtor-account-missing",
    "cbpr-ur/y2026__pacs.008.min.xml": (f"faults: {NO_ADDRESS} debtor-agent-missing creditor-agent-missing {NO_ACCOUNT}"),
    "cbpr-ur/y2026__pacs.008_stp.min.xml": f"faults: {NO_ADDRESS} debtor-account-missing",
    "cbpr/c_29_1_1__CBPRplus_c.29.1.1_pacs.008_AtoB.xml": NEWER,
    "cbpr/c_52_1_a__CBPRplus_c.52.1.a_pacs.008-AtoB.xml": NEWER,
    "cbpr/c_53_5__mt103_pacs008_A_B.xml": "taken",
    "cbpr/custom__mt103_a_2014.xml": "value-invalid",
    "cbpr/custom__mt103_fin2.xml": "value-invalid",
    "cbpr/p_2_1_2__CBPRplus_p.2.1.2_pacs.008-BtoC.xml": NEWER,
    "cbpr/p_2_1_2__mt103_pacs008_B_C.xml": "taken",
}
STATEMENTS = {
    "camt/data__camt053.v2.all-balance-types.xml": "statement-does-not-add-up",
    "camt/data__camt053.v2.minimal.ultimate.xml": "statement-currency-mixed",
    "camt/data__camt053.v2.multi.statement.xml": "taken: 1 1",
    "camt/data__camt053.v2.with-party-ids.xml": "statement-currency-mixed",
    "camt/data__camt053.v2.wrong.xml": "element-missing",
    "camt/data__camt053.v3.xml": "statement-currency-mixed",
    "camt/data__camt053.v4.xml": "statement-currency-mixed",
    "camt/data__camt53.only-Dt-with-DtTm.xml": "balance-missing",
    "cbpr/c_105_2_1__CBPRplus_c.105.2.1_camt.053-BtoA.xml": "taken: 1",
    "cbpr/c_107_1_1__CBPRplus_c.107.1.1_camt.053-BtoA.xml": "taken: 1",
    "cbpr/c_108_1_2__CBPRplus_c.108.1.2_camt.053-BtoA.xml": "taken: 1",
    "cbpr/c_109_1_2__CBPRplus_c.109.1.2_camt.053-BtoA.xml": "taken: 1",
    "cbpr/c_53_1_1__mt940_camt_053_D_E.xml": "taken: 1",
    "cbpr/c_53_1_1__mt950_camt_053_A_B.xml": "taken: 9",
    "cbpr/c_56_4_1__CBPRplus_c.56.4.1_camt.053-DtoE.xml": "taken: 1",
    "cbpr/p_2_3_1_a__CBPRplus_p.2.3.1.a_camt.053-CtoD.xml": "taken: 1",
    "cbpr/p_2_4_1__CBPRplus_p.2.4.1_camt.053-DtoE.xml": "taken: 1",
    "cbpr/p_2_5_1__CBPRplus_p.2.5.1_camt.053-BtoDbtr.xml": "taken: 1",
    "cbpr/p_3_1_1__CBPRplus_p.3.1.1_camt.053-BtoDbtr.xml": "taken: 1",
}
NOTIFICATIONS = {
    "camt/camt054.v00108__200519_camt.054_P_CH2909000000250094239_1111091335_0_2020061900081727_v2019.xml": "taken: 1",
    "camt/data__camt054.v2.with-account-name.xml": "taken: 1",
    "camt/data__camt054.v2.xml": "taken: 1",
    "camt/data__camt054.v4.xml": "taken: 1",
    "camt/data__camt054.v8-with-financial-institution.xml": "taken: 1",
    "camt/v00104__200519_camt054-ESR-ASR_P_CH2909000000250094239_1110092704_0_2019042500372179_v2009.xml": "taken: 1",
    "camt/v00104__camt_054_Beispiel_NoCrdtBookedNotReversed.xml": "taken: 3",
    "camt/v00104__camt_054_Beispiel_SammelbuchungEs.xml": "taken: 1",
    "camt/v00104__camt_054_Beispiel_ZA1_ESR_ZE.xml": "taken: 1",
    "cbpr-ur/2025__cbprplus_camt054_slash_in_instrid.xml": "taken: 1",
    "cbpr-ur/2026__camt054_credit_notification_sample.xml": "taken: 1",
    "cbpr-ur/fixtures__camt_054_2025_valid.xml": "taken: 1",
    "cbpr-ur/y2025__camt.054.max.xml": "taken: 1",
    "cbpr-ur/y2025__camt.054.min.xml": "taken: 1",
    "cbpr-ur/y2026__camt.054.min.xml": "taken: 1",
    "cbpr/c_54_1_1__mt910_camt_054_C_D.xml": "taken: 1",
    "cbpr/c_56_4_1__CBPRplus_c.56.4.1_camt.054-DtoE.xml": "taken: 1",
}


def verdict_on_transfers(data: bytes) -> str:
    try:
        file = read_pacs008(data)
    except UnreadableMessage as refused:
        return refused.code
    if file.faults:
        return "faults: " + " ".join(finding.rule for fault in file.faults for finding in fault.findings)
    return NEWER if file.group.notes else "taken"


def verdict_on_statements(data: bytes) -> str:
    try:
        return "taken: " + " ".join(str(len(statement.entries)) for statement in read_camt053(data))
    except UnreadableMessage as refused:
        return refused.code


def verdict_on_notifications(data: bytes) -> str:
    try:
        return "taken: " + " ".join(str(len(notification.entries)) for notification in read_camt054(data))
    except UnreadableMessage as refused:
        return refused.code


@pytest.mark.parametrize("name", TRANSFERS)
def test_every_sample_of_transfers_has_its_verdict(conformance_data: Path, name: str) -> None:
    """Taken, or refused by the rules that it breaks."""
    assert verdict_on_transfers((conformance_data / "iso20022" / name).read_bytes()) == TRANSFERS[name]


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_sample_of_statements_has_its_verdict(conformance_data: Path, name: str) -> None:
    """Taken with so many entries, or refused by name: samples made of dummies do not add up."""
    assert verdict_on_statements((conformance_data / "iso20022" / name).read_bytes()) == STATEMENTS[name]


@pytest.mark.parametrize("name", NOTIFICATIONS)
def test_every_sample_of_notifications_has_its_verdict(conformance_data: Path, name: str) -> None:
    """Taken with so many entries: no balances, so nothing to add up."""
    assert verdict_on_notifications((conformance_data / "iso20022" / name).read_bytes()) == NOTIFICATIONS[name]


def test_no_message_of_another_kind_is_taken_for_ours(conformance_data: Path) -> None:
    """Every other sample is refused as another message, or as unreadable, by all three readers."""
    ours = set(TRANSFERS) | set(STATEMENTS) | set(NOTIFICATIONS)
    taken = []
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        name = f"{path.parent.name}/{path.name}"
        for read in (read_pacs008, read_camt053, read_camt054):
            try:
                read(path.read_bytes())
            except UnreadableMessage:
                continue
            if name not in ours:
                taken.append(name)
    assert taken == []


def test_every_sample_can_be_identified_or_says_why_not(conformance_data: Path) -> None:
    """The kind of a message is known whatever it is; what cannot be identified contradicts itself."""
    unknown = {}
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            identify(path.read_bytes())
        except UnexpectedMessage:
            raise
        except UnreadableMessage as refused:
            unknown[path.name] = refused.code
    assert unknown == {
        "c_107_1_1__CBPRplus_c.107.1.1_camt.107-AtoB.xml": "wrong-namespace",
        "fixtures__pacs_008_2025_invalid.xml": "header-contradicts-document",
        "fixtures__pacs_009_2025_invalid.xml": "header-contradicts-document",
        "fixtures__pacs_009_adv_2025_invalid.xml": "header-contradicts-document",
        "fixtures__pacs_009_adv_2026_invalid.xml": "header-contradicts-document",
        "invalid__camt_054_Beispiel_NotificationMissing.xml": "wrong-namespace",
        "v00103ch02__pain001ExampleOutput.xml": "wrong-namespace",
    }
