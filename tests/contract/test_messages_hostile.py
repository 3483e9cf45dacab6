"""Other banks' messages, damaged: what we never wrote ourselves brings no reader down either."""

from __future__ import annotations

from pathlib import Path

from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.fields import DEFAULT_LIMITS
from ledger.iso20022.readers import READERS, findings_in, kind_of
from ledger.iso20022.xml import identify
from tests.unit.hostile_messages import hostile
from tests.unit.test_iso20022_hostile import ended_when_hanging

DAMAGED = 25  # of each sample


def test_no_damage_to_another_banks_message_brings_a_reader_down(conformance_data: Path) -> None:
    """Each sample, damaged in two dozen ways, is read as the kind it was and as whatever it is now."""
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        whole = path.read_bytes()
        try:
            readers = {kind_of(identify(whole))}
        except UnreadableMessage:
            readers = set(READERS)
        for number in range(DAMAGED):
            data = hostile(whole, (path.name, number))
            with ended_when_hanging((path.name, number)):
                try:
                    kinds = readers | {kind_of(identify(data))}
                except UnreadableMessage:
                    kinds = readers
                for kind in sorted(kinds & set(READERS)):
                    try:
                        findings = list(findings_in(READERS[kind](data, DEFAULT_LIMITS)))
                    except UnreadableMessage as refused:
                        assert refused.code
                    else:
                        assert all(finding.sentence for finding in findings)
