"""Files of credit transfers, taken in whole: each transfer has its answer, and the same file never counts twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree

from ledger.bootstrap import Service
from ledger.errors import KeyReused, NotPermitted, UnknownCorridor, UnknownParticipant
from ledger.iso20022.credit_transfer import CreditTransfer
from ledger.iso20022.errors import TruncatedMessage
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.iso20022.parties import Agent, Identification
from ledger.messages import credit_transfers
from ledger.messages.incoming import take_in
from ledger.messages.taken import Outcome, Taken
from ledger.sandbox.generator import generate_pacs008, generate_transfers, group_of
from ledger.sandbox.planted_faults import PlantedKind, generate_faulty_pacs008
from tests.integration.serviced import facts

SEED = 11
GOOD = 20


def head(service: Service, corridor: str) -> tuple[int, int]:
    """Where the log ends, and how many receipts it holds."""
    [(receipts,)] = service.pool.rows("SELECT count(*) FROM ledger.receipts WHERE corridor = %(corridor)s", {"corridor": corridor})
    return service.ledger(corridor).log_store.head().position, receipts


def file_of(transfers: list[CreditTransfer], seed: int = SEED) -> bytes:
    """A file of these transfers, under the message id of the seed."""
    return write_pacs008(group_of(seed, len(transfers), facts()), transfers)


def plain(count: int = GOOD, seed: int = SEED) -> list[CreditTransfer]:
    """Transfers without a release condition."""
    return list(generate_transfers(seed, count, facts(with_release_condition=False)))


def outcome(transfer: CreditTransfer, status: str, **said: object) -> Outcome:
    """The expected answer to a transfer, but for its position."""
    return Outcome(transfer.index, transfer.uetr, transfer.instruction_id, transfer.end_to_end_id, status, **said)


def told(report: Taken) -> list[Outcome]:
    """The answers without log positions, which depend on how the batches fell."""
    return [replace(one, position=None, replayed=False) for one in report.items]


def test_one_bad_transfer_in_five_hundred_is_named_and_the_others_go_through(service: Service, corridor: str) -> None:
    """499 reach the ledger; the answer names the one, what is wrong with it and the way out."""
    planted = generate_faulty_pacs008(SEED, 500, facts(with_release_condition=False), [PlantedKind.OVER_LIMIT])
    [fault] = planted.planted
    steps: list[tuple[int, int]] = []

    report = take_in(service, corridor, "abb", planted.data, progress=lambda *step: steps.append(step))

    assert len(report.accepted) == 499
    [named] = report.rejected
    assert replace(named, position=None) == Outcome(
        index=fault.index,
        uetr=fault.uetr,
        instruction_id=f"I-20260327-{SEED}-{fault.index:05}",
        end_to_end_id=f"E-20260327-{SEED}-{fault.index:05}",
        status="RJCT",
        reason="AM02",
        rule="amount-over-limit",
        field="amount",
        sentence="250000.00 MAD is above the limit of 50000.00 for one transfer. Send at most 50000.00 MAD.",
    )
    assert steps == [(500, 500)]


def test_the_same_file_again_is_recognised_and_adds_nothing(service: Service, corridor: str) -> None:
    """No event, no receipt, the same answers, byte for byte."""
    faulty = generate_faulty_pacs008(SEED, 40, facts())
    first = take_in(service, corridor, "abb", faulty.data)
    before = head(service, corridor)

    again = take_in(service, corridor, "abb", faulty.data)

    assert head(service, corridor) == before
    assert (first.recognised, again.recognised) == (False, True)
    assert again.items == tuple(replace(one, replayed=one.position is not None) for one in first.items)
    assert again.reply == first.reply


def test_an_import_that_stopped_in_the_middle_goes_on_where_it_stopped(
    service: Service, corridor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died when the first chunk was answered and the second one was being decided: the same file again takes in the rest."""
    monkeypatch.setattr(credit_transfers, "CHUNK", 7)
    data = file_of(plain())

    def die(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(service, corridor, "abb", data, progress=die)
    report = take_in(service, corridor, "abb", data)

    assert told(report) == [outcome(transfer, "ACTC") for transfer in plain()]
    assert [one.replayed for one in report.items] == [True] * 14 + [False] * (GOOD - 14)


def test_a_message_id_with_other_content_is_refused_by_name(service: Service, corridor: str) -> None:
    """Even when not one of its transfers was ever seen; nothing of the second file is kept."""
    transfers = plain()
    take_in(service, corridor, "abb", file_of(transfers[:10]))
    before = head(service, corridor)
    others = [replace(transfer, index=number) for number, transfer in enumerate(transfers[10:], start=1)]

    message_id = group_of(SEED, 10, facts()).message_id
    with pytest.raises(KeyReused, match=f"Message id '{message_id}' came before with other content"):
        take_in(service, corridor, "abb", file_of(others))

    assert head(service, corridor) == before


def test_a_uetr_that_comes_back_in_another_file_is_refused(service: Service, corridor: str) -> None:
    """One UETR initiates one transfer, whatever file it comes in."""
    transfers = plain()
    take_in(service, corridor, "abb", file_of(transfers))

    report = take_in(service, corridor, "abb", file_of(transfers[:2], seed=SEED + 1))

    assert told(report) == [
        outcome(
            transfer,
            "RJCT",
            reason="DU03",
            rule="uetr-already-used",
            field="uetr",
            sentence=f"UETR {transfer.uetr} was used before. Use a new UETR for a new transfer; to learn what became of this one, show it.",
        )
        for transfer in transfers[:2]
    ]


def test_an_unreadable_file_leaves_nothing(service: Service, corridor: str) -> None:
    """Cut off in the middle: no transfer of it counts, not even the whole ones."""
    before = head(service, corridor)
    with pytest.raises(TruncatedMessage):
        take_in(service, corridor, "abb", generate_pacs008(SEED, GOOD, facts())[:-200])
    assert head(service, corridor) == before


def test_every_planted_fault_gets_its_own_answer(service: Service, corridor: str) -> None:
    """The whole table: what the reader finds and what the ledger refuses, each with rule and external reason code."""
    faulty = generate_faulty_pacs008(SEED, 40, facts(with_release_condition=False))
    report = take_in(service, corridor, "abb", faulty.data)
    by_place = {fault.index: fault.kind.value for fault in faulty.planted}
    assert {by_place[one.index]: (one.status, one.reason, one.rule, one.field) for one in report.rejected} == {
        "too_many_decimals": ("RJCT", "CH20", "amount-decimals", "IntrBkSttlmAmt"),
        "zero_amount": ("RJCT", "AM01", "amount-zero", "IntrBkSttlmAmt"),
        "negative_amount": ("RJCT", "AM12", "amount-negative", "IntrBkSttlmAmt"),
        "unknown_currency": ("RJCT", "AM11", "currency-unknown", "IntrBkSttlmAmt/@Ccy"),
        "uetr_missing": ("RJCT", "CH21", "uetr-missing", "PmtId/UETR"),
        "uetr_not_v4": ("RJCT", "CH16", "uetr-invalid", "PmtId/UETR"),
        "uetr_repeated": ("RJCT", "RF01", "uetr-repeated", "PmtId/UETR"),
        "creditor_name_missing": ("RJCT", "BE22", "creditor-name-missing", "Cdtr/Nm"),
        "creditor_town_missing": ("RJCT", "BE04", "creditor-town-missing", "Cdtr/PstlAdr/TwnNm"),
        "charge_bearer_unknown": ("RJCT", "BE19", "charge-bearer-unknown", "ChrgBr"),
        "settlement_date_impossible": ("RJCT", "DT01", "date-invalid", "IntrBkSttlmDt"),
        "wrong_currency": ("RJCT", "AM03", "currency-not-accepted", "currency"),
        "over_limit": ("RJCT", "AM02", "amount-over-limit", "amount"),
        "unknown_purpose": ("RJCT", "FF07", "purpose-unknown", "purpose"),
    }
    assert {one.status for one in report.accepted} == {"ACTC"}


def test_a_hold_and_a_condition_are_told_alike(service: Service, corridor: str) -> None:
    """PDNG without a reason for both, so that a hold tips nobody off."""
    transfers = list(generate_transfers(SEED, GOOD, facts()))
    waiting = next(transfer for transfer in transfers if transfer.release_condition is not None)
    hit = next(transfer for transfer in transfers if transfer is not waiting)
    transfers[hit.index - 1] = replace(hit, debtor=replace(hit.debtor, name="Qasmir Volnadi"))

    report = take_in(service, corridor, "abb", file_of(transfers))

    assert told(report) == [outcome(transfer, "ACTC") for transfer in transfers]


def test_a_party_that_cannot_be_screened_turns_away_its_own_transfer_only(service: Service, corridor: str) -> None:
    """A name without a letter must not pass as clear, and must not stop the others."""
    transfers = plain()
    transfers[3] = replace(transfers[3], creditor=replace(transfers[3].creditor, name="???", native_name=None))

    report = take_in(service, corridor, "abb", file_of(transfers))

    sentence = "The creditor has no name that can be screened. Give the name in letters of any script."
    turned_away = outcome(transfers[3], "RJCT", reason="NARR", rule="malformed", field="creditor.name", sentence=sentence)
    assert told(report) == [turned_away if transfer.index == 4 else outcome(transfer, "ACTC") for transfer in transfers]


def test_an_identity_document_that_says_nothing_turns_away_its_own_transfer_only(service: Service, corridor: str) -> None:
    """Signs without a letter or digit identify nobody; the other transfers of the file go through."""
    transfers = plain()
    transfers[3] = replace(transfers[3], debtor=replace(transfers[3].debtor, identifications=(Identification("-/-"),)))

    report = take_in(service, corridor, "abb", file_of(transfers))

    sentence = "The identity document is empty: give its kind, country and number."
    turned_away = outcome(transfers[3], "RJCT", reason="NARR", rule="record-unfit", sentence=sentence)
    assert told(report) == [turned_away if transfer.index == 4 else outcome(transfer, "ACTC") for transfer in transfers]


def test_banks_that_are_not_where_they_should_be_turn_away_their_own_transfer_only(service: Service, corridor: str) -> None:
    """A creditor agent of another corridor, and a debtor agent that is not the sender."""
    transfers = plain()
    transfers[0] = replace(transfers[0], creditor_agent=Agent(bic="BKCHCNBJXXX"))
    transfers[1] = replace(transfers[1], debtor_agent=Agent(bic="PSBCCNBJXXX"))

    report = take_in(service, corridor, "abb", file_of(transfers))

    assert [(one.reason, one.rule, one.field) for one in report.rejected] == [
        ("RC04", "unknown-participant", "bic"),
        ("RC03", "not-permitted", "DbtrAgt"),
    ]
    assert len(report.accepted) == GOOD - 2


def test_a_file_of_another_bank_is_refused_whole(service: Service, corridor: str) -> None:
    """The instructing agent of the file must be the one who sends it."""
    before = head(service, corridor)
    with pytest.raises(NotPermitted, match="names ABBMMAMCXXX as its sender, which is not psbc"):
        take_in(service, corridor, "psbc", generate_pacs008(SEED, GOOD, facts()))
    with pytest.raises(UnknownParticipant):
        take_in(service, corridor, "nobody", generate_pacs008(SEED, GOOD, facts()))
    assert head(service, corridor) == before


def test_a_file_for_a_corridor_nobody_opened_is_refused(service: Service) -> None:
    """The same file may come again once the corridor is open: nothing remembers the refusal."""
    with pytest.raises(UnknownCorridor):
        take_in(service, "nowhere-nothing", "abb", generate_pacs008(SEED, GOOD, facts()))
    assert head(service, "nowhere-nothing") == (0, 0)


def test_the_answer_is_a_pacs002_with_one_status_for_each_transfer(service: Service, corridor: str) -> None:
    """Group status PART; the rejected transfer carries its code, its rule and the sentence, cut into lines of 105 characters."""
    planted = generate_faulty_pacs008(SEED, 3, facts(with_release_condition=False), [PlantedKind.UNKNOWN_PURPOSE])
    report = take_in(service, corridor, "abb", planted.data)

    document = etree.fromstring(report.reply or b"")
    spaces = {"m": "urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"}
    statuses = [
        (UUID(found.findtext("m:OrgnlUETR", namespaces=spaces)), found.findtext("m:TxSts", namespaces=spaces))
        for found in document.findall(".//m:TxInfAndSts", spaces)
    ]
    assert statuses == [(one.uetr, one.status) for one in report.items]
    assert document.findtext(".//m:GrpSts", namespaces=spaces) == "PART"
    assert document.findtext(".//m:OrgnlMsgId", namespaces=spaces) == report.message_id
    assert document.findtext(".//m:StsRsnInf/m:Rsn/m:Cd", namespaces=spaces) == "FF07"
    assert [line.text for line in document.findall(".//m:AddtlInf", spaces)] == [
        "purpose-unknown purpose",
        "Purpose 'DIVD' is not agreed for abb to psbc. Use one of DEPD, EDUC, GDDS, GIFT, MDCS, SALA, STDY.",
    ]


def test_the_answer_is_valid_by_the_official_schema(service: Service, corridor: str, conformance_data: Path) -> None:
    """A file with every kind of fault gives a schema-valid pacs.002."""
    schema = etree.XMLSchema(etree.parse(conformance_data / "xsd" / "pacs.002.001.10.xsd"))
    report = take_in(service, corridor, "abb", generate_faulty_pacs008(SEED, 40, facts()).data)
    schema.assertValid(etree.fromstring(report.reply or b""))
