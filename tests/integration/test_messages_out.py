"""What the corridor says to each bank: every message once, in log order, the same bytes each time it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree

from corridors import shipped_terms
from ledger import commands as c
from ledger.application import Asked
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain.terms import MESSAGE_VERSIONS, Participant
from ledger.errors import UnknownCorridor, UnknownParticipant
from ledger.intake import PartyDetails, Received, TransferOrder
from ledger.iso20022.credit_transfer import Charge, CreditTransfer, Product
from ledger.iso20022.envelope import BusinessHeader, HeaderParty
from ledger.iso20022.pacs002 import OriginalMessage, StatusReason, StatusReport, TransferStatus, read_pacs002
from ledger.iso20022.pacs008 import read_pacs008
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.iso20022.parties import Account, Address, Agent, Birth, Identification, Party
from ledger.jobs import expire_due, fund_waiting, up_to_date
from ledger.messages.credit_transfers_out import settlement_per_instructed
from ledger.messages.incoming import take_in
from ledger.messages.outgoing import Outgoing, messages_after
from ledger.projections.transfers import transfer
from ledger.sandbox.generator import generate_transfers, group_of
from tests.integration.serviced import FRIDAY, facts, open_corridor, settings_of, terms_of

SEED = 7
ABB, PSBC = (Agent(bic=shipped_terms("abb-psbc").participants[bank].bic) for bank in ("abb", "psbc"))
ACCOUNTS = facts(products=((Product.ACCOUNT_TO_ACCOUNT, 1),), with_release_condition=False)
CASH = facts(products=((Product.ACCOUNT_TO_CASH, 1),), with_release_condition=False)

SchemaErrors = Callable[[str, bytes], list[str]]


def send(service: Service, corridor: str, *orders: CreditTransfer, seed: int = SEED) -> None:
    """A file of these transfers comes in."""
    take_in(service, corridor, "abb", write_pacs008(group_of(seed, len(orders), ACCOUNTS), orders))


def order(number: int = 1, of: object = ACCOUNTS) -> CreditTransfer:
    """The number-th generated transfer of a product, as the only one of its file."""
    return replace(generate_transfers(SEED, number, of)[number - 1], index=1)  # type: ignore[arg-type]


def conditional() -> CreditTransfer:
    """A transfer that waits for a parcel."""
    said = facts(products=((Product.ACCOUNT_TO_ACCOUNT, 1),))
    return next(replace(one, index=1) for one in generate_transfers(SEED, 3, said) if one.release_condition is not None)


def listed(one: CreditTransfer) -> CreditTransfer:
    """The same order, sent by somebody on the screening list."""
    return replace(one, debtor=replace(one.debtor, name="Qasmir Volnadi"))


def do(service: Service, corridor: str, kind: type[c.Command], actor: str, **said: object) -> None:
    """A command that is done."""
    key = f"{kind.__name__}/{sorted(said.items(), key=str)}"
    command = kind(corridor=corridor, actor=actor, idempotency_key=key, **said)
    answer = service.ledger(corridor).execute(command)
    assert answer.refusal is None, answer.refusal


def decide(service: Service, corridor: str, uetr: UUID, opinion: str) -> None:
    """Two officers agree about a hold."""
    for officer in ("officer:amina", "officer:bo"):
        do(service, corridor, c.GiveOpinion, officer, case=f"hold-{uetr}", opinion=opinion, reasons="00" * 32)


def without_credit() -> dict[str, Participant]:
    """The shipped participants, the sender's cap at zero."""
    participants = shipped_terms("abb-psbc").participants
    return {**participants, "abb": participants["abb"].model_copy(update={"cap": "0.00"})}


def to(service: Service, corridor: str, bank: str) -> list[Outgoing]:
    """Everything the corridor says to a bank."""
    return messages_after(service, corridor, bank, 0, 1_000)


def statuses(service: Service, corridor: str, bank: str = "abb") -> list[tuple[str, str | None]]:
    """Status and reason of each pacs.002 to a bank."""
    reports = [read_pacs002(one.data or b"") for one in to(service, corridor, bank) if one.message == "pacs.002"]
    return [(one.status, one.reason_code) for report in reports for one in report.transfers]


def carried(party: Party) -> Party:
    """What is kept of a generated party: all but the kind and issuer of its identity document, and the country of residence."""
    return replace(party, identifications=tuple(Identification(one.number) for one in party.identifications), country_of_residence=None)


def test_the_creditor_agent_gets_the_whole_transfer_once(service: Service, corridor: str) -> None:
    """Parties with both forms of their names, amounts, rate, charges and what to pay out; the debtor agent gets none of it."""
    sent = order()
    send(service, corridor, sent)
    [message] = to(service, corridor, "psbc")
    file = read_pacs008(message.data or b"")
    [received] = file.transfers
    with up_to_date(service, corridor) as at:
        priced = transfer(at, sent.uetr)
    assert (message.message, message.version, message.index, message.uetr) == ("pacs.008", "pacs.008.001.08", 1, sent.uetr)
    assert file.group.message_id == message.message_id == f"{corridor}-{message.position}-1"
    assert file.group.created_at == FRIDAY
    fee = priced.creditor_fee
    assert received == replace(
        sent,
        instruction_id=str(message.position),
        transaction_id=None,
        accepted_at=None,
        settlement_minor=priced.settlement,
        exchange_rate=settlement_per_instructed(priced.debtor_rate),
        instructing_agent=ABB,
        instructed_agent=PSBC,
        debtor_agent=ABB,
        creditor_agent=PSBC,
        charges=(Charge(fee, "CNY", PSBC),) if fee else (),
        payout_minor=priced.paid_to_creditor,
        payout_currency="CNY",
        debtor=carried(sent.debtor),
        creditor=carried(sent.creditor),
        debtor_account=replace(sent.debtor_account or Account(), currency=None, name=None),
        creditor_account=replace(sent.creditor_account or Account(), currency=None, name=None),
        category_purpose=None,
    )
    assert [one.message for one in to(service, corridor, "abb")] == ["pacs.002"] * 3


def test_a_status_names_the_message_that_it_answers(service: Service, corridor: str) -> None:
    """Message, instruction and end-to-end id as the debtor agent wrote them; the whole report."""
    sent = order()
    send(service, corridor, sent)
    do(service, corridor, c.AcceptTransfer, "psbc", uetr=sent.uetr)
    message = to(service, corridor, "abb")[-1]
    group = group_of(SEED, 1, ACCOUNTS)
    assert read_pacs002(message.data or b"") == StatusReport(
        message_id=f"{corridor}-{message.position}-0",
        created_at=FRIDAY,
        transfers=(
            TransferStatus(
                "ACSP",
                sent.uetr,
                sent.instruction_id,
                sent.end_to_end_id,
                sent.transaction_id,
                (StatusReason("G005"),),
                OriginalMessage(group.message_id, "pacs.008.001.08", group.created_at),
                instructing_agent=PSBC,
                instructed_agent=ABB,
            ),
        ),
    )


def test_a_transfer_sent_over_the_api_is_known_by_what_is_known(service: Service, corridor: str) -> None:
    """No message came, so none is named; the end-to-end id stands where one was given. A birth without its place cannot be written."""
    uetrs = [UUID(int=number, version=4) for number in (1, 2)]
    yasmina = PartyDetails(name="Yasmina Testouni", town="Rabat", country="MA", birth_date="1990-02-01", account="007")
    wei = PartyDetails(name="Wei Shili", native_name="魏实例", town="Beijing", country="CN", account="6210000000000000000",
                       birth_date="1991-03-02", birth_town="Beijing", birth_country="CN", document="G1")  # fmt: skip
    for uetr, end_to_end_id in zip(uetrs, ("E2E-1", ""), strict=True):
        asked = TransferOrder(
            uetr=uetr, creditor_agent="psbc", product="account_to_account", purpose="DEPD", evidence=("identity", "kinship"),
            amount=100_000, currency="MAD", debtor=yasmina, creditor=wei, end_to_end_id=end_to_end_id, remittance="é" * 141,
        )  # fmt: skip
        [request] = service.intake(corridor).requests([Received(asked, "abb", str(uetr), "web form", Asked("POST", "/transfers", b""))])
        service.ledger(corridor).submit(request).result()
    told = [read_pacs002(one.data or b"").transfers[0] for one in to(service, corridor, "abb") if one.uetr in uetrs]
    assert [(one.status, one.end_to_end_id, one.instruction_id, one.original) for one in told] == [
        (status, name, None, OriginalMessage("NOTPROVIDED")) for name in ("E2E-1", "NOTPROVIDED") for status in ("ACTC", "PDNG", "ACSP")
    ]
    first, second = (read_pacs008(one.data or b"").transfers[0] for one in to(service, corridor, "psbc"))
    assert (first.end_to_end_id, second.end_to_end_id, first.remittance) == ("E2E-1", "NOTPROVIDED", ("e" * 140, "e"))
    assert (first.debtor.birth, first.creditor.birth) == (None, Birth(datetime(1991, 3, 2, tzinfo=UTC).date(), "Beijing", "CN"))
    assert (first.debtor_account, first.creditor.identifications) == (Account(other="007"), (Identification("G1"),))


def test_every_text_is_in_characters_that_all_banks_can_carry(service: Service, corridor: str) -> None:
    """Names keep the form they came in beside the Latin one; an end-to-end id in other characters was not provided."""
    uetr = UUID(int=3, version=4)
    omar = PartyDetails(name="Omar Bénabdellah", street="Cité Océan", town="Salé", country="MA", account="٠٠٧")
    wang = PartyDetails(name="王芳", native_name="王芳", town="北京", country="CN", account="6210", document="护照-7")
    asked = TransferOrder(
        uetr=uetr, creditor_agent="psbc", product="account_to_account", purpose="DEPD", evidence=("identity", "kinship"),
        amount=100_000, currency="MAD", debtor=omar, creditor=wang, end_to_end_id="№ 1/", remittance="Loyer d’été",
    )  # fmt: skip
    [request] = service.intake(corridor).requests([Received(asked, "abb", "k", "", Asked("POST", "/transfers", b""))])
    service.ledger(corridor).submit(request).result()
    [message] = to(service, corridor, "psbc")
    [received] = read_pacs008(message.data or b"").transfers
    assert (received.debtor, received.debtor_account) == (
        Party("Omar Benabdellah", "Omar Bénabdellah", Address(street="Cite Ocean", town="Sale", country="MA")), Account(other="..."),
    )  # fmt: skip
    assert received.creditor == Party("..", "王芳", Address(town="..", country="CN"), identifications=(Identification("..-7"),))
    assert (received.end_to_end_id, received.remittance) == ("NOTPROVIDED", ("Loyer d'ete",))
    [told, *_] = to(service, corridor, "abb")
    assert read_pacs002(told.data or b"").transfers[0].end_to_end_id == "№ 1/"


def test_whatever_a_transfer_waits_for_the_debtor_agent_is_told_the_same(
    module_database_url: str, key_folder: Path, clock: SetClock, corridor: str
) -> None:
    """A hold, a condition, a hold and a condition, a hold and then no room: the same statuses, at the same place after the first one,
    and not a word when officers look at it or a wait gives way to another."""
    with Service(settings_of(module_database_url, key_folder), clock=clock) as service:
        waits: dict[str, list[tuple[str, str | None]]] = {}

        def run(name: str, sent: CreditTransfer, *, room: bool = True, hold: bool = True, condition: bool = False) -> None:
            code = corridor[:-1] + name
            open_corridor(service, code, **({} if room else {"prefund": 0, "participants": without_credit()}))
            send(service, code, listed(sent) if hold else sent)
            if hold:
                decide(service, code, sent.uetr, "clear")
            if condition:
                assert sent.release_condition is not None
                do(service, code, c.MeetCondition, "abb", uetr=sent.uetr, reference=sent.release_condition.reference)
            if not room:
                do(service, code, c.FundPosition, "bank:settlement", participant="abb", amount=50_000_000, currency="USD", reference=code)
                fund_waiting(service, code)
            messages = to(service, code, "abb")
            first = messages[0].position
            place = [(one.position - first, one.index) for one in messages[:2]]
            assert place == [(0, 0), (0, 1)]
            waits[name] = statuses(service, code)

        run("a", order())
        run("b", conditional(), hold=False, condition=True)
        run("c", conditional(), condition=True)
        run("d", order(), room=False)
        assert waits == {name: [("ACTC", None), ("PDNG", None), ("ACSP", None)] for name in "abcd"}


def test_a_transfer_that_ends_while_it_waits_gives_no_hint_why_it_waited(service: Service, corridor: str) -> None:
    """Rejected after a hold it is MS03, whatever the officers found."""
    sent = order()
    send(service, corridor, listed(sent))
    decide(service, corridor, sent.uetr, "reject")
    assert statuses(service, corridor) == [("ACTC", None), ("PDNG", None), ("RJCT", "MS03")]
    assert to(service, corridor, "psbc") == []
    shown = b"".join(one.data or b"" for one in to(service, corridor, "abb")).lower()
    assert [word for word in (b"hold", b"case", b"screen", b"officer", b"hit") if word in shown] == []


@pytest.mark.parametrize(
    ("of", "steps", "expected"),
    [
        (ACCOUNTS, [(c.AcceptTransfer, {}), (c.PayTransfer, {})], [("ACSP", "G005"), ("ACCC", None)]),
        (ACCOUNTS, [(c.PayTransfer, {}), (c.AcceptTransfer, {})], [("ACCC", None)]),
        (CASH, [(c.AcceptTransfer, {})], [("ACSP", "G002")]),
        (ACCOUNTS, [(c.RefuseTransfer, {"reason": "AC04"})], [("RJCT", "AC04")]),
        (ACCOUNTS, [(c.AcceptTransfer, {}), (c.RefuseTransfer, {"reason": "AC06"})], [("ACSP", "G005"), ("RJCT", "AC06")]),
    ],
    ids=["accepted-and-paid", "paid-at-once", "cash-waits", "refused", "refused-after-all"],
)
def test_the_creditor_agents_steps_are_told_as_statuses(
    service: Service, corridor: str, of: object, steps: list[tuple[type[c.Command], dict[str, str]]], expected: list[tuple[str, str | None]]
) -> None:
    """After the transfer went onward; the money that goes back adds nothing to the word that ended it."""
    sent = order(of=of)
    send(service, corridor, sent)
    for kind, said in steps:
        do(service, corridor, kind, "psbc", uetr=sent.uetr, **said)
    assert statuses(service, corridor) == [("ACTC", None), ("PDNG", None), ("ACSP", None), *expected]


def test_cash_that_is_handed_over_is_told_so(service: Service, corridor: str) -> None:
    """After the identity check and the one-time code."""
    sent = order(of=CASH)
    send(service, corridor, sent)
    intake = service.intake(corridor)
    code = intake.code_proof(sent.uetr, intake.collection_code(sent.uetr))
    do(service, corridor, c.PayTransfer, "psbc", uetr=sent.uetr, identity_checked=True, code=code)
    assert statuses(service, corridor)[3:] == [("CPUC", None)]


def test_what_nobody_collects_expires_in_the_debtor_agents_eyes(service: Service, corridor: str, clock: SetClock) -> None:
    """RJCT with NOAS, once."""
    sent = order(of=CASH)
    send(service, corridor, sent)
    do(service, corridor, c.AcceptTransfer, "psbc", uetr=sent.uetr)
    clock.set(FRIDAY + timedelta(days=10, minutes=1))
    expire_due(service, corridor)
    assert statuses(service, corridor)[3:] == [("ACSP", "G002"), ("RJCT", "NOAS")]


def test_a_transfer_that_is_taken_back_before_it_went_onward_is_told_so(service: Service, corridor: str) -> None:
    """RJCT with CUST; the creditor agent never hears of it."""
    sent = conditional()
    send(service, corridor, sent)
    do(service, corridor, c.CancelTransfer, "abb", uetr=sent.uetr)
    assert statuses(service, corridor) == [("ACTC", None), ("PDNG", None), ("RJCT", "CUST")]
    assert to(service, corridor, "psbc") == []


def test_the_same_position_gives_the_same_bytes_however_it_is_asked(service: Service, corridor: str, clock: SetClock) -> None:
    """At once or message by message, today or tomorrow, with more behind it or not; what one position tells stays together."""
    sent = order()
    send(service, corridor, listed(sent))
    before = to(service, corridor, "abb")
    decide(service, corridor, sent.uetr, "clear")
    clock.advance(timedelta(days=1))
    whole = to(service, corridor, "abb")
    assert whole[: len(before)] == before
    pages, after = [], 0
    while page := messages_after(service, corridor, "abb", after, 1):
        pages.append(page)
        after = page[-1].position
    assert [len(page) for page in pages] == [2, 1]
    assert [one for page in pages for one in page] == whole
    assert messages_after(service, corridor, "abb", after, 1) == []


def test_a_bank_is_sent_the_version_it_asked_for_from_the_day_on_that_the_terms_say(
    service: Service, corridor: str, clock: SetClock
) -> None:
    """What was told before stays as it was."""
    first, second = order(1), order(2)
    send(service, corridor, first)
    participants = shipped_terms("abb-psbc").participants
    wanting = {
        "abb": participants["abb"].model_copy(update={"messages": {"pacs.002": "pacs.002.001.12"}}),
        "psbc": participants["psbc"].model_copy(update={"messages": {"pacs.008": "pacs.008.001.10"}}),
    }
    amended = terms_of(corridor, participants=wanting, version=2, effective_from=(FRIDAY + timedelta(days=1)).date())
    do(service, corridor, c.OpenCorridor, "operator:ops", agreement=amended)
    clock.advance(timedelta(days=2))
    send(service, corridor, second, seed=8)
    assert [one.version for bank in ("psbc", "abb") for one in to(service, corridor, bank)] == [
        "pacs.008.001.08", "pacs.008.001.10", *["pacs.002.001.10"] * 3, *["pacs.002.001.12"] * 3,
    ]  # fmt: skip


@pytest.mark.parametrize("erased", ["debtor", "creditor"])
def test_a_message_about_an_erased_person_is_a_gap(service: Service, corridor: str, clock: SetClock, erased: str) -> None:
    """It stands in its place without a document. Statuses go on, without the references that were erased with the debtor."""
    sent = order()
    send(service, corridor, sent)
    [before] = to(service, corridor, "psbc")
    with up_to_date(service, corridor) as at:
        service.vault.erase(getattr(transfer(at, sent.uetr), erased), clock())
    assert to(service, corridor, "psbc") == [replace(before, data=None)]
    kept = sent.end_to_end_id if erased == "creditor" else "NOTPROVIDED"
    reports = [read_pacs002(one.data or b"") for one in to(service, corridor, "abb")]
    assert [(one.transfers[0].status, one.transfers[0].end_to_end_id) for one in reports] == [
        ("ACTC", kept),
        ("PDNG", kept),
        ("ACSP", kept),
    ]


def test_every_message_is_valid_by_its_official_schema(service: Service, corridor: str, conformance_data: Path) -> None:
    """Every product and charge bearer, in the usual versions."""
    orders = generate_transfers(SEED, 40, facts())
    send(service, corridor, *orders)
    for one in orders[:10]:
        if one.product is Product.ACCOUNT_TO_ACCOUNT and one.release_condition is None:
            do(service, corridor, c.AcceptTransfer, "psbc", uetr=one.uetr)
            do(service, corridor, c.PayTransfer, "psbc", uetr=one.uetr)
    found = [one for bank in ("abb", "psbc") for one in to(service, corridor, bank)]
    assert {one.message for one in found} == {"pacs.002", "pacs.008"}
    for one in found:
        schema = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{one.version}.xsd")))
        schema.assertValid(etree.fromstring(one.data or b""))


def test_nothing_is_said_by_or_to_strangers(service: Service, corridor: str) -> None:
    """A corridor that was never opened, a bank that is none of its own: unknown, by name."""
    with pytest.raises(UnknownCorridor):
        messages_after(service, f"x{corridor}", "abb", 0, 10)
    with pytest.raises(UnknownParticipant):
        messages_after(service, corridor, "boa", 0, 10)


@pytest.mark.parametrize("version", ["head.001.001.02", "head.001.001.03", "head.001.001.04"])
def test_a_bank_that_wants_a_header_gets_one_before_each_message(
    module_database_url: str, key_folder: Path, clock: SetClock, corridor: str, conformance_data: Path, version: str
) -> None:
    """From the other bank, with the message's own id and version; Header and Document are valid each by its schema, and read as before."""
    participants = shipped_terms("abb-psbc").participants
    wanting = {
        bank: participant.model_copy(update={"messages": {"head.001": version} if bank == "psbc" else {}})
        for bank, participant in participants.items()
    }
    with Service(settings_of(module_database_url, key_folder), clock=clock) as service:
        open_corridor(service, corridor, participants=wanting)
        sent = order()
        send(service, corridor, sent)
        [message] = to(service, corridor, "psbc")
        plain = to(service, corridor, "abb")
    file = read_pacs008(message.data or b"")
    header = file.group.header
    assert [one.uetr for one in file.transfers] == [sent.uetr]
    assert header == BusinessHeader(
        version=version,
        message="pacs.008.001.08",
        message_id=message.message_id,
        sender=HeaderParty(bic=ABB.bic),
        receiver=HeaderParty(bic=PSBC.bic),
        created_at="2026-03-27T08:00:00+00:00",
    )
    envelope = etree.fromstring(message.data or b"")
    for element, schema in (("AppHdr", version), ("Document", "pacs.008.001.08")):
        [found] = envelope.iter(f"{{urn:iso:std:iso:20022:tech:xsd:{schema}}}{element}")
        etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{schema}.xsd"))).assertValid(etree.ElementTree(found))
    assert [read_pacs002(one.data or b"").header for one in plain] == [None] * 3


@pytest.mark.parametrize("choice", range(3))
def test_every_version_that_can_be_agreed_is_written_and_valid(
    module_database_url: str, key_folder: Path, clock: SetClock, corridor: str, conformance_data: Path, choice: int
) -> None:
    """A life with every message in it, in the first, the second and the third version of each."""
    wanted = {message: versions[min(choice, len(versions) - 1)] for message, versions in MESSAGE_VERSIONS.items() if message != "head.001"}
    participants = {
        bank: participant.model_copy(update={"messages": wanted}) for bank, participant in shipped_terms("abb-psbc").participants.items()
    }
    with Service(settings_of(module_database_url, key_folder), clock=clock) as service:
        open_corridor(service, corridor, participants=participants)
        sent = order()
        send(service, corridor, sent)
        uetr = sent.uetr
        do(service, corridor, c.FlagUnanswered, "system:resolver", uetr=uetr, since=FRIDAY)
        do(service, corridor, c.RequestRecall, "abb", uetr=uetr, recall="CASE-1", reason="DUPL")
        do(service, corridor, c.PayTransfer, "psbc", uetr=uetr)
        do(service, corridor, c.AnswerRecall, "psbc", uetr=uetr, recall="CASE-1", agreed=False, reason="LEGL")
        do(service, corridor, c.ReturnTransfer, "psbc", uetr=uetr, return_id="R" * 40, amount=1_000, reason="AC06")
        do(service, corridor, c.RequestWithdrawal, "abb", participant="abb", amount=100, currency="USD", reference="W" * 40)
        found = [one for bank in ("abb", "psbc", "bank:settlement") for one in to(service, corridor, bank)]
    assert {one.message: one.version for one in found} == {**wanted, "pacs.009": MESSAGE_VERSIONS["pacs.009"][0]}
    for one in found:
        schema = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{one.version}.xsd")))
        schema.assertValid(etree.fromstring(one.data or b""))
