"""Every document of our set that others published: read and written again without loss, or refused by the rule or the line of its schema.

The folder may hold more than is known here; whatever it holds is judged alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger.iso20022.admi002 import write_admi002
from ledger.iso20022.camt029 import write_camt029
from ledger.iso20022.camt053 import write_camt053
from ledger.iso20022.camt054 import write_camt054
from ledger.iso20022.camt056 import write_camt056
from ledger.iso20022.camt057 import write_camt057
from ledger.iso20022.fields import DEFAULT_LIMITS
from ledger.iso20022.pacs002 import write_pacs002
from ledger.iso20022.pacs004 import write_pacs004
from ledger.iso20022.pacs008 import write_pacs008
from ledger.iso20022.pacs009 import write_pacs009
from ledger.iso20022.pacs028 import write_pacs028
from ledger.iso20022.readers import READERS
from ledger.iso20022.schemas import Complaint
from ledger.messages.conformance import ConformanceReport, FileVerdict, GuidelineVerdict, SchemaVerdict, report_on
from tests.unit.message_samples import SAMPLES

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
Complaints = Callable[[bytes], list[Complaint] | None]

WRITERS: Mapping[str, Callable[[Any], bytes]] = {
    "admi.002": write_admi002,
    "camt.029": lambda read: write_camt029(read, "camt.029.001.09"),
    "camt.053": lambda read: write_camt053(read, created_at=NOON),
    "camt.054": lambda read: write_camt054(read, created_at=NOON),
    "camt.056": lambda read: write_camt056(read, "camt.056.001.08"),
    "camt.057": write_camt057,
    "pacs.002": write_pacs002,
    "pacs.004": write_pacs004,
    "pacs.008": lambda read: write_pacs008(read.group, read.transfers),
    "pacs.009": write_pacs009,
    "pacs.028": write_pacs028,
}
# What says how a message came and not what it says; the sums of a group are computed by whoever writes it.
NOT_STATED = frozenset({"version", "header", "notes", "group", "transfer_count", "control_sum", "use"})


@pytest.fixture(scope="module")
def report(conformance_data: Path) -> ConformanceReport:
    """The whole folder, judged."""
    return report_on(conformance_data / "iso20022", conformance_data / "xsd")


def of_our_set(report: ConformanceReport) -> list[FileVerdict]:
    return [one for one in report.files if one.message in READERS]


def stated(value: object) -> object:
    """What a message says, without how it came."""
    if is_dataclass(value):
        return {one.name: stated(getattr(value, one.name)) for one in fields(value) if one.name not in NOT_STATED}
    if isinstance(value, (list, tuple)):
        return [stated(one) for one in value]
    return value


def read(kind: str, data: bytes) -> Any:
    return READERS[kind](data, DEFAULT_LIMITS)


def test_every_fit_document_is_written_again_valid_and_reads_as_it_did(
    conformance_data: Path, report: ConformanceReport, official_complaints: Complaints
) -> None:
    """No field that we carry is lost, whatever version it came in and whatever it was wrapped in."""
    fit = [one for one in of_our_set(report) if one.fit]
    for one in fit:
        first = read(one.message, (conformance_data / "iso20022" / one.file).read_bytes())
        written = WRITERS[one.message](first)
        assert (one.file, official_complaints(written) or []) == (one.file, [])
        assert (one.file, stated(read(one.message, written))) == (one.file, stated(first))
    assert len(fit) >= 80


def test_every_document_that_is_not_fit_says_by_which_line_or_rule(report: ConformanceReport) -> None:
    """A line and a path of the schema, the rules that are broken, or the code of what makes it unreadable."""
    for one in of_our_set(report):
        if not one.fit:
            assert one.reason, one.file
        if one.schema is SchemaVerdict.INVALID:
            assert one.complaints[0].line > 0 and one.complaints[0].xpath.startswith("/Document"), one.file
        assert (one.guideline is GuidelineVerdict.FINDINGS) == bool(one.findings), one.file
        assert all(finding.xpath.startswith("/Document/") for finding in one.findings), one.file


def test_what_is_valid_is_readable_or_contradicts_itself(report: ConformanceReport) -> None:
    """A schema says nothing of sums and headers; nothing else keeps a valid document from being read."""
    codes = {
        one.reason.partition(":")[0] for one in of_our_set(report) if one.schema is SchemaVerdict.VALID and not one.findings and not one.fit
    }
    assert codes <= {
        "header-contradicts-document",
        "statement-does-not-add-up",
        "statement-currency-mixed",
        "statement-totals-wrong",
        "balance-missing",
        "control-sum-wrong",
        "transfer-count-wrong",
    }


def test_every_message_that_is_read_has_its_writer() -> None:
    """A new reader is held to the same."""
    assert set(WRITERS) == set(READERS)


@pytest.mark.parametrize("kind", SAMPLES)
def test_our_own_samples_are_written_again_as_they_were(official_complaints: Complaints, kind: str) -> None:
    """Of the kinds too that nobody published an example of."""
    first = read(kind, SAMPLES[kind])
    written = WRITERS[kind](first)
    assert (official_complaints(written) or []) == []
    assert stated(read(kind, written)) == stated(first)
