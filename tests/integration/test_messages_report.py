"""The report on conformance: each file of a folder gets its verdicts, whatever it is, and nothing personal is told."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer.testing

from ledger.cli.frame import app
from ledger.errors import Malformed
from ledger.iso20022.schemas import Complaint, OfficialSchemas
from ledger.messages.conformance import ConformanceReport, FileVerdict, GuidelineVerdict, SchemaVerdict, report_on, verdict_on
from ledger.sandbox.generator import CorridorFacts, generate_pacs008

FACTS = CorridorFacts("AAAAMAMC", "BBBBCNBJ", date(2026, 3, 27), datetime(2026, 3, 27, tzinfo=ZoneInfo("Africa/Casablanca")))
GOOD = generate_pacs008(1, 2, FACTS).decode()
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
# Not the official one: it knows the group header alone, and only short message ids.
SCHEMA = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{NAMESPACE}pacs.008.001.08"
  xmlns="{NAMESPACE}pacs.008.001.08" elementFormDefault="qualified">
  <xs:element name="Document"><xs:complexType><xs:sequence><xs:element name="FIToFICstmrCdtTrf"><xs:complexType><xs:sequence>
    <xs:element name="GrpHdr"><xs:complexType><xs:sequence>
      <xs:element name="MsgId"><xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="30"/></xs:restriction></xs:simpleType>
      </xs:element>
      <xs:any processContents="skip" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="CdtTrfTxInf" maxOccurs="2"><xs:complexType><xs:sequence>
      <xs:any processContents="skip" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """A folder with one schema."""
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "pacs.008.001.08.xsd").write_text(SCHEMA)
    return folder


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    """A folder of messages: good and bad, bare and enveloped, ours and strangers', and what is none."""
    folder = tmp_path / "messages"
    (folder / "sub").mkdir(parents=True)
    document = GOOD.split("?>", 1)[1]
    header = (
        f'<AppHdr xmlns="{NAMESPACE}head.001.001.02"><BizMsgIdr>B</BizMsgIdr>'
        "<MsgDefIdr>pacs.008.001.08</MsgDefIdr><CreDt>2026-03-27T20:00:00Z</CreDt></AppHdr>"
    )
    for name, text in {
        "bare.xml": GOOD,
        "sub/enveloped.xml": f"<Envelope>{header}{document}</Envelope>",
        "sub/as-text.XML": f"<Box><Body><![CDATA[{document}]]></Body></Box>",
        "findings.xml": GOOD.replace("<Cd>", "<Cd>Z").replace("<UETR>", "<UETR>f"),
        "schema-invalid.xml": GOOD.replace("<MsgId>", "<MsgId>0123456789-0123456"),
        "contradicted.xml": f"<E>{header.replace('pacs.008.001.08', 'pacs.002.001.10')}{document}</E>",
        "cut": GOOD[:-60],
        "stranger.xml": f'<Document xmlns="{NAMESPACE}pain.001.001.09"/>',
        "doctype.xml": '<!DOCTYPE Document [<!ENTITY e "x">]>' + document,
        "README.md": "No message.",
    }.items():
        (folder / name).write_text(text)
    return folder


def told(report: ConformanceReport) -> dict[str, tuple[str, str, str, str, str]]:
    """By file: version, header, envelope and both verdicts."""
    return {one.file: (one.version, one.header, one.envelope, one.schema, one.guideline) for one in report.files}


def test_every_message_of_a_folder_gets_its_verdicts(messages: Path, schemas: Path) -> None:
    """In the order of names, sub-folders among them; what is no XML is counted and no more."""
    found = report_on(messages, schemas)
    ours, head = "pacs.008.001.08", "head.001.001.02"
    assert told(found) == {
        "bare.xml": (ours, "", "", "valid", "ok"),
        "contradicted.xml": (ours, head, "E", "valid", "unreadable"),
        "cut": (ours, "", "", "not asked", "unreadable"),
        "doctype.xml": ("", "", "", "not asked", "unreadable"),
        "findings.xml": (ours, "", "", "valid", "findings"),
        "schema-invalid.xml": (ours, "", "", "invalid", "ok"),
        "stranger.xml": ("pain.001.001.09", "", "", "no schema", "not of our set"),
        "sub/as-text.XML": (ours, "", "text in Box", "valid", "ok"),
        "sub/enveloped.xml": (ours, head, "Envelope", "valid", "ok"),
    }
    assert (list(told(found)), found.passed_over) == (sorted(told(found)), 1)
    assert [one.file for one in found.files if one.fit] == ["bare.xml", "sub/as-text.XML", "sub/enveloped.xml"]
    assert found.counted() == {
        "(unknown)": {"files": 1, "guideline unreadable": 1, "schema not asked": 1},
        "pacs.008": {
            "files": 7,
            "guideline findings": 1,
            "guideline ok": 4,
            "guideline unreadable": 2,
            "schema invalid": 1,
            "schema not asked": 1,
            "schema valid": 5,
        },
        "pain.001": {"files": 1, "guideline not of our set": 1, "schema no schema": 1},
    }


def test_the_reason_names_the_schema_line_the_rule_or_why_it_cannot_be_read(messages: Path, schemas: Path) -> None:
    """One line for people; the whole of it stands beside."""
    by_file = {one.file: one for one in report_on(messages, schemas).files}
    wrong = by_file["schema-invalid.xml"]
    path = "/Document/FIToFICstmrCdtTrf/GrpHdr/MsgId"
    assert wrong.complaints == (Complaint(5, path, "The value breaks the facet maxLength of its type."),)
    assert wrong.reason == f"line 5: {path}: The value breaks the facet maxLength of its type."
    assert by_file["findings.xml"].reason.split() == list(dict.fromkeys(finding.rule for finding in by_file["findings.xml"].findings))
    assert by_file["cut"].reason.startswith("truncated-message: The message ends too early")
    assert by_file["doctype.xml"].reason.startswith("forbidden-doctype: ")
    assert by_file["contradicted.xml"].reason.startswith("header-contradicts-document: The header announces 'pacs.002.001.10'")
    assert (by_file["bare.xml"].reason, by_file["stranger.xml"].reason) == ("", "")


def test_a_complaint_quotes_no_value(schemas: Path) -> None:
    """libxml2 tells the value that breaks a facet; a name or an account could stand there."""
    data = GOOD.replace("<MsgId>", "<MsgId>Tarik Skalli, MA64350192537885").encode()
    verdict = verdict_on("one.xml", data, OfficialSchemas(schemas))
    assert verdict.schema is SchemaVerdict.INVALID
    assert [word for word in ("Skalli", "MA64") if word in repr(verdict)] == []


def test_without_schemas_the_guideline_still_judges(messages: Path) -> None:
    """One message may be named instead of a folder."""
    assert report_on(messages / "bare.xml") == ConformanceReport(
        (
            FileVerdict(
                file="bare.xml",
                message="pacs.008",
                version="pacs.008.001.08",
                header="",
                envelope="",
                schema=SchemaVerdict.NO_SCHEMA,
                complaints=(),
                guideline=GuidelineVerdict.OK,
                findings=(),
                notes=(),
                reason="",
            ),
        ),
        0,
    )


def test_a_place_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    """And what to name instead."""
    with pytest.raises(Malformed, match=r"nowhere cannot be read: .* Name a folder of messages, or one message\."):
        report_on(tmp_path / "nowhere")


def test_the_command_prints_tables_or_json_and_ends_well(messages: Path, schemas: Path) -> None:
    """The report is no check: whatever stands in the folder, the command has done what it was asked."""
    run = typer.testing.CliRunner()
    shown = run.invoke(app, ["messages", "report", str(messages), "--schemas", str(schemas)])
    assert (shown.exit_code, "1 other files were passed over" in shown.output) == (0, True)
    as_json = run.invoke(app, ["messages", "report", str(messages), "--schemas", str(schemas), "--json"])
    document = json.loads(as_json.output)
    assert (as_json.exit_code, sorted(document), document["passed_over"]) == (0, ["files", "passed_over", "summary"], 1)
    by_file = {one["file"]: one for one in document["files"]}
    assert {name: by_file["bare.xml"][name] for name in ("message", "version", "schema", "guideline", "reason", "fit")} == {
        "message": "pacs.008",
        "version": "pacs.008.001.08",
        "schema": "valid",
        "guideline": "ok",
        "reason": "",
        "fit": True,
    }
    assert by_file["findings.xml"]["findings"][0].keys() == {"rule", "xpath", "sentence", "reason_code"}
    assert by_file["schema-invalid.xml"]["complaints"][0].keys() == {"line", "xpath", "sentence"}
