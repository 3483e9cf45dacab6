"""What we write is valid against the official ISO 20022 schemas, and our codes are in the external code sets."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from ledger.iso20022.camt053 import read_camt053, write_camt053
from ledger.iso20022.camt054 import read_camt054, write_camt054
from ledger.iso20022.case_rules import CaseRule
from ledger.iso20022.code_sets import CodeSet, codes_in_force, editions
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.pacs002 import (
    GroupStatus,
    OriginalMessage,
    StatusReason,
    StatusReport,
    TransferStatus,
    read_pacs002,
    rejection_of,
    write_pacs002,
)
from ledger.iso20022.pacs008 import read_pacs008, write_pacs008
from ledger.iso20022.parties import Account, Agent
from ledger.iso20022.rules import Rule
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement
from ledger.iso20022.status_reasons import NARRATIVE, STATUS_REASONS
from ledger.sandbox import names
from ledger.sandbox.generator import CorridorFacts, generate_pacs008, generate_transfers
from ledger.sandbox.planted_faults import generate_faulty_pacs008

FACTS = CorridorFacts(
    debtor_agent_bic="AAAAMAMC",
    creditor_agent_bic="BBBBCNBJ",
    settlement_date=date(2026, 3, 27),
    opens_at=datetime(2026, 3, 27, tzinfo=ZoneInfo("Africa/Casablanca")),
    purposes=(("DEPD", ("proof_of_kinship",)), ("GDDS", ())),
)
STATED = replace(FACTS, settlement_currency="USD", instructed_per_settlement=Decimal("9.3341"))
NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)

SchemaErrors = Callable[[str, bytes], list[str]]


@pytest.fixture(scope="module")
def schema_errors(conformance_data: Path) -> SchemaErrors:
    """The complaints of a message's official schema about a document."""

    def errors(version: str, data: bytes) -> list[str]:
        schema = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{version}.xsd")))
        schema.validate(etree.fromstring(data))
        return [f"{error.line}: {error.message}" for error in schema.error_log]

    return errors


def published_codes(conformance_data: Path, name: str) -> set[str]:
    """One external code set as ISO published it."""
    (path,) = (conformance_data / "codesets").glob(f"*__external_{name}_code.json")
    return set(json.loads(path.read_bytes())["codes"])


@pytest.mark.parametrize("facts", [FACTS, STATED], ids=["settles-as-instructed", "states-its-settlement"])
def test_generated_files_are_valid(schema_errors: SchemaErrors, facts: CorridorFacts) -> None:
    """Hundreds of transfers with every product, and one release condition in the supplement."""
    assert schema_errors("pacs.008.001.08", generate_pacs008(11, 400, facts)) == []


@pytest.mark.parametrize("version", ["pacs.008.001.08", "pacs.008.001.10", "pacs.008.001.12"])
def test_every_taken_sample_can_be_written_again(conformance_data: Path, schema_errors: SchemaErrors, version: str) -> None:
    """A transfer read from another bank's file survives ours: valid in each version, and read back as it was."""
    written = 0
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            file = read_pacs008(path.read_bytes())
        except UnreadableMessage:
            continue
        if file.transfers:
            data = write_pacs008(file.group, file.transfers, version)
            assert (path.name, schema_errors(version, data)) == (path.name, [])
            assert read_pacs008(data).transfers == file.transfers
            written += 1
    assert written >= 9


def test_statements_are_valid(schema_errors: SchemaErrors) -> None:
    """With everything a statement can hold, and with nothing."""
    day = date(2026, 3, 27)
    detail = EntryDetail(generate_transfers(1, 1, FACTS)[0].uetr, "E", "I", "T", "B", "M", 100, "MAD", Direction.DEBIT, "AC04", "note")
    full = Statement(
        id="S1",
        account=Account(iban="MA64350192537885096825410525", currency="MAD", name="Cash"),
        currency="MAD",
        opening=Balance("OPBD", 0, "MAD", day),
        closing=Balance("CLBD", -100, "MAD", day),
        balances=(Balance("CLAV", -100, "MAD", day),),
        entries=(
            Entry(
                minor=100,
                currency="MAD",
                direction=Direction.DEBIT,
                booking_date=day,
                value_date=day,
                reference="1",
                servicer_reference="B1",
                reversal=True,
                code=BankTransactionCode("PMNT", "RCDT", "XBCT", "NTRF", "BANK"),
                details=(detail, EntryDetail()),
                additional_info="returned",
            ),
            Entry(5, "MAD", Direction.CREDIT, status="PDNG"),
        ),
        created_at=NOON,
        from_at=NOON - timedelta(hours=12),
        to_at=NOON + timedelta(hours=12),
        sequence=1,
        legal_sequence=2,
        page=1,
        additional_info="end",
    )
    empty = Statement("S2", Account(other="A"), "CNY", Balance("OPBD", 0, "CNY", day), Balance("CLBD", 0, "CNY", day))
    data = write_camt053([full, empty])
    assert schema_errors("camt.053.001.08", data) == []
    assert read_camt053(data) == [replace(full, message_id="S1"), replace(empty, message_id="S1")]


def test_every_taken_statement_can_be_written_again(conformance_data: Path, schema_errors: SchemaErrors) -> None:
    """Other banks' statements, of any version, become valid statements of versions 08 and 12 that read the same."""
    written = 0
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            statements = read_camt053(path.read_bytes())
        except UnreadableMessage:
            continue
        for version in ("camt.053.001.08", "camt.053.001.12"):
            data = write_camt053(statements, created_at=NOON, version=version)
            assert (path.name, schema_errors(version, data)) == (path.name, [])
            assert [replace(again, version="") for again in read_camt053(data)] == [replace(one, version="") for one in statements]
        written += 1
    assert written >= 10


def test_every_taken_notification_can_be_written_again(conformance_data: Path, schema_errors: SchemaErrors) -> None:
    """So do other banks' notifications, with charges, batches, exchanges and structured references."""
    written = 0
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            notifications = read_camt054(path.read_bytes())
        except UnreadableMessage:
            continue
        for version in ("camt.054.001.08", "camt.054.001.12"):
            data = write_camt054(notifications, created_at=NOON, version=version)
            assert (path.name, schema_errors(version, data)) == (path.name, [])
            assert [replace(again, version="") for again in read_camt054(data)] == [replace(one, version="") for one in notifications]
        written += 1
    assert written == 17


def test_answers_are_valid(schema_errors: SchemaErrors) -> None:
    """A file with every planted fault is answered in a valid status report."""
    file = read_pacs008(generate_faulty_pacs008(1, 40, FACTS).data)
    taken = tuple(TransferStatus("ACTC", one.uetr, one.instruction_id, one.end_to_end_id, one.transaction_id) for one in file.transfers)
    report = StatusReport(
        message_id="A1",
        created_at=NOON,
        groups=(
            GroupStatus(
                OriginalMessage(file.group.message_id, file.group.version, file.group.created_at),
                status="PART",
                count=file.group.transfer_count,
                reasons=(StatusReason("NARR", information=("some were rejected",)),),
            ),
        ),
        transfers=taken + tuple(rejection_of(fault) for fault in file.faults),
        instructing_agent=Agent(bic="BBBBCNBJ"),
        instructed_agent=Agent(bic="AAAAMAMC"),
    )
    assert schema_errors("pacs.002.001.10", write_pacs002(report)) == []


@pytest.mark.parametrize("version", ["pacs.002.001.10", "pacs.002.001.12", "pacs.002.001.14"])
def test_every_status_report_of_others_can_be_written_again(conformance_data: Path, schema_errors: SchemaErrors, version: str) -> None:
    """Other banks' reports become valid reports of each version that is written, and read the same."""
    written = 0
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            report = read_pacs002(path.read_bytes())
        except UnreadableMessage:
            continue
        assert (path.name, report.faults, len(report.transfers)) == (path.name, (), 1)
        data = write_pacs002(report, version)
        assert (path.name, schema_errors(version, data)) == (path.name, [])
        assert read_pacs002(data) == report
        written += 1
    assert written >= 14


@pytest.mark.parametrize("code_set", CodeSet)
def test_our_editions_hold_the_published_codes(conformance_data: Path, code_set: CodeSet) -> None:
    """The edition of May 2025, code for code."""
    (edition,) = (edition for edition in editions(code_set).editions if edition.name == "2025-05")
    assert edition.codes == published_codes(conformance_data, code_set)


def test_every_code_we_use_is_in_its_external_set() -> None:
    """Reasons of rules and refusals, purposes of the sandbox, statuses, balances and kinds of identity number."""
    used = {
        CodeSet.STATUS_REASON: {rule.reason_code for rules in (Rule, CaseRule) for rule in rules} | {*STATUS_REASONS.values(), NARRATIVE},
        CodeSet.PURPOSE: set(names.REMITTANCE) | {code for code, _ in CorridorFacts("", "", date.min, NOON).purposes},
        CodeSet.TRANSACTION_STATUS: {"ACTC", "PDNG", "ACSP", "ACCC", "CPUC", "RJCT"},
        CodeSet.GROUP_STATUS: {"ACTC", "PART", "RJCT"},
        CodeSet.BALANCE_TYPE: {"OPBD", "PRCD", "CLBD", "ITBD"},
        CodeSet.PERSON_IDENTIFICATION: {"NIDN"},
    }
    assert {name: codes - codes_in_force(name, NOON.date()) for name, codes in used.items()} == {name: set() for name in used}
