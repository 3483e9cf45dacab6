"""Recalls, answers and announcements of other banks survive ours, and what we write is valid against the official schemas."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from ledger.iso20022.camt029 import read_camt029, write_camt029
from ledger.iso20022.camt056 import Recall, read_camt056, write_camt056
from ledger.iso20022.camt057 import read_camt057, write_camt057
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.resolution import Resolution
from tests.unit.case_messages import recalls, resolutions

SchemaErrors = Callable[[str, bytes], list[str]]


@pytest.fixture(scope="module")
def schema_errors(conformance_data: Path) -> SchemaErrors:
    """The complaints of a message's official schema about a document."""
    schemas: dict[str, etree.XMLSchema] = {}

    def errors(version: str, data: bytes) -> list[str]:
        if version not in schemas:
            schemas[version] = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{version}.xsd")))
        schema = schemas[version]
        schema.validate(etree.fromstring(data))
        return [f"{error.line}: {error.message}" for error in schema.error_log]

    return errors


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recall=recalls())
def test_recalls_are_valid(schema_errors: SchemaErrors, recall: Recall) -> None:
    """In the oldest version that is written and in the newest."""
    for version in ("camt.056.001.08", "camt.056.001.11"):
        assert schema_errors(version, write_camt056(recall, version)) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(resolution=resolutions())
def test_answers_to_recalls_are_valid(schema_errors: SchemaErrors, resolution: Resolution) -> None:
    """In the oldest version that is written and in the newest."""
    for version in ("camt.029.001.09", "camt.029.001.13"):
        assert schema_errors(version, write_camt029(resolution, version)) == []


def test_every_sample_of_a_recall_can_be_written_again(conformance_data: Path, schema_errors: SchemaErrors) -> None:
    """Other banks' recalls, in envelopes and under headers: taken without a fault, valid when written, and read back as they were."""
    seen = 0
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            recall = read_camt056(path.read_bytes())
        except UnreadableMessage:
            continue
        seen += 1
        plain = replace(recall, header=None, notes=())
        data = write_camt056(recall)
        assert (path.name, [one.findings for one in recall.transfers], recall.findings) == (path.name, [()], ())
        assert (path.name, schema_errors(recall.version, data)) == (path.name, [])
        assert read_camt056(data) == plain
    assert seen >= 5


def test_every_sample_of_an_answer_can_be_written_again(conformance_data: Path, schema_errors: SchemaErrors) -> None:
    """As far as there are any."""
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            resolution = read_camt029(path.read_bytes())
        except UnreadableMessage:
            continue
        data = write_camt029(resolution)
        assert read_camt029(data) == replace(resolution, header=None, notes=())
        assert (path.name, schema_errors("camt.029.001.09", write_camt029(resolution, "camt.029.001.09"))) == (path.name, [])


def test_every_sample_of_an_announcement_can_be_written_again(conformance_data: Path) -> None:
    """Other banks' announcements are taken without a fault and read back as they were. There is no official schema beside them."""
    seen = 0
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            announcement = read_camt057(path.read_bytes())
        except UnreadableMessage:
            continue
        seen += 1
        assert (path.name, [one.findings for one in announcement.receipts]) == (path.name, [()])
        assert read_camt057(write_camt057(announcement)) == replace(announcement, header=None, notes=())
    assert seen >= 3
