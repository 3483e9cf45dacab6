"""The checker can fail: each way of tampering breaks the rule it should, at the position it should, and never the checker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, get_args

import pytest

from ledger import commands as c
from ledger.domain.transfer import TransferState
from ledger.errors import UnknownCorridor
from ledger.eventstore import parts
from ledger.eventstore.audit import StoredRow
from ledger.eventstore.queries import QUERIES
from ledger.projections.runner import Runner
from ledger.verify import RULES, Report, commands, evidence, projected, verify
from ledger.verify.lives import STEPS
from tests.conftest import fresh_corridor
from tests.integration.small_corridor import SmallCorridor, uetr_of
from tests.integration.tampering import Tamper, tampering


@pytest.fixture(scope="module")
def lived(database_url: str) -> Iterator[SmallCorridor]:
    """A corridor in which everything has happened once, projected to its end."""
    small = SmallCorridor(database_url, fresh_corridor())
    small.live_a_day()
    Runner(small.log).catch_up()
    yield small
    small.close()


@pytest.fixture
def tamper(lived: SmallCorridor) -> Iterator[Tamper]:
    """The owner's hands on that corridor's log; what they do is undone after the test."""
    with tampering(lived.url, lived.code) as tamper:
        yield tamper


def broken(tamper: Tamper) -> dict[str, int | None]:
    """Rule → first position that breaks it, of the rules that do not hold."""
    return breaks(tamper.verify())


def breaks(report: Report) -> dict[str, int | None]:
    assert report.ok == all(result.ok for result in report.rules.values())
    return {rule: result.first_break for rule, result in report.rules.items() if not result.ok}


def find(tamper: Tamper, topic: str, number: int | None = None, nth: int = 0) -> StoredRow:
    """The nth row with a topic, of one transfer where a number is given."""
    return [row for row in tamper.rows() if row.topic == topic and (number is None or row.stream_id == uetr_of(number))][nth]


def posting(tamper: Tamper, account: str, entry: str, number: int | None = None) -> StoredRow:
    """The first row that books an entry on an account, for one transfer where a number is given."""
    streams = {row.stream_id: json.loads(row.state)["name"] for row in tamper.rows() if row.topic == "Account.Opened.v1"}
    for row in tamper.rows():
        if row.topic == "Account.Posted.v1" and streams[row.stream_id] == account:
            for line in json.loads(row.state)["lines"]:
                if line[0] == entry and (number is None or line[1] == str(uetr_of(number))):
                    return row
    raise AssertionError(f"no {entry} on {account}")


def last_commit_on(tamper: Tamper, account: str) -> int:
    """The end of the last commit that touched an account."""
    streams = {json.loads(row.state)["name"]: row.stream_id for row in tamper.rows() if row.topic == "Account.Opened.v1"}
    return max(row.boundary for row in tamper.rows() if row.stream_id == streams[account])


def add(amount: int) -> Any:
    """Changes the amount of a posting's first line."""

    def change(facts: dict[str, Any]) -> None:
        facts["lines"][0][3] += amount

    return change


# Untouched


def test_an_untouched_log_keeps_every_rule(lived: SmallCorridor) -> None:
    """Every rule was checked against something, and the shape is what machines are promised."""
    told: list[tuple[int, int]] = []
    report = verify(lived.pool, lived.code, lambda position, head: told.append((position, head)))
    head = lived.log.head().position
    assert breaks(report) == {}
    assert all(result.checked > 0 for result in report.rules.values())
    assert told == [(position, head) for position in (100, 200, head)]
    document = report.as_json()
    assert (document["ok"], document["corridor"], document["position"]) == (True, lived.code, head)
    assert list(document["rules"]) == list(RULES) == ["I1", "I2", "I6", "I7", "I8", "I9", "I10", "I12", "I15", "I16"]
    assert document["rules"]["I7"] == {"ok": True, "checked": head, "first_break": None, "detail": ""}
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(("few", "blocks"), [(0, 1), (0, 1_000_000), (1_000_000, 1)])
def test_a_log_keeps_its_rules_however_its_tables_are_read(tamper: Tamper, monkeypatch: pytest.MonkeyPatch, few: int, blocks: int) -> None:
    """Block by block, all at once, or by an index: receipts and sums come to the same."""
    undisturbed = tamper.verify()
    monkeypatch.setattr(parts, "FEW_EVENTS", few)
    if few:
        monkeypatch.setitem(QUERIES, "blocks_of", "SELECT 1000000::bigint")
    monkeypatch.setattr(commands, "LEAST_BLOCKS", blocks)
    monkeypatch.setattr(evidence, "BLOCKS", blocks)
    monkeypatch.setattr(projected, "SUMMED_BLOCKS", blocks)
    assert (undisturbed.ok, tamper.verify()) == (True, undisturbed)


def test_receipts_may_lie_in_another_order_than_the_commits_they_belong_to(tamper: Tamper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that write at once store theirs side by side, and a table may have been written anew: what comes late is still compared."""
    undisturbed = tamper.verify()
    monkeypatch.setattr(commands, "LEAST_BLOCKS", 1)
    monkeypatch.setattr(commands, "EVENTS_A_BLOCK", 1_000)
    moved = "UPDATE ledger.receipts SET partner = partner WHERE corridor = %(corridor)s AND position <= %(position)s"
    for position in (200, 100, 50, 10):
        tamper.sql(moved, position=position)
    assert (undisturbed.ok, tamper.verify()) == (True, undisturbed)
    row = find(tamper, "Transfer.Paid.v1", 1)
    tamper.sql("DELETE FROM ledger.receipts WHERE corridor = %(corridor)s AND command = %(c)s", c=json.loads(row.state)["command"])
    assert broken(tamper) == {"I6": row.position}


def test_transfers_in_bulk_in_shared_commits_keep_every_rule(database_url: str, corridor: str) -> None:
    """Hundreds of commands to a commit, projected only in part: the replay compares where the projections stand."""
    small = SmallCorridor(database_url, corridor)
    small.open()
    small.busy(150)
    reached = Runner(small.log, page_size=400).run_once()
    report = verify(small.pool, small.code)
    assert breaks(report) == {}
    assert reached < report.position
    assert report.rules["I8"].detail == f"projections at {reached} of {report.position}"
    small.close()


def test_a_corridor_nobody_opened_is_named(lived: SmallCorridor) -> None:
    """A misspelt code must not look like a sound log."""
    with pytest.raises(UnknownCorridor, match="Nothing is stored under corridor 'abb-psbcc'"):
        verify(lived.pool, "abb-psbcc")


def test_refusals_before_the_corridor_opens_are_no_break(database_url: str, corridor: str) -> None:
    """Receipts that name position 0 belong to no commit."""
    small = SmallCorridor(database_url, corridor)
    assert small.refuse(c.AcceptTransfer, "psbc", uetr=uetr_of(1)) == "transfer-unknown"
    assert breaks(verify(small.pool, corridor)) == {}
    small.open()
    assert breaks(verify(small.pool, corridor)) == {}
    small.close()


def test_the_checkers_table_of_steps_knows_every_state() -> None:
    """It is written apart from the aggregate, but about the same life."""
    assert set(STEPS) == set(get_args(TransferState))
    assert {after for steps in STEPS.values() for after in steps.values()} == set(STEPS) - {"initiated"}


# Bytes and hashes


def test_a_changed_amount_breaks_the_hash_and_the_books_at_its_row(tamper: Tamper) -> None:
    """One digit of a payout's cash line: the hash names the row, and so do the books; the entry is named by its first row."""
    row = posting(tamper, "psbc:cash:CNY", "payout", 1)
    tamper.edit(row.position, add(-900))
    entry = posting(tamper, "corridor:in_flight:USD", "payout", 1)
    assert broken(tamper) == {
        "I1": row.position, "I2": entry.position, "I8": last_commit_on(tamper, "psbc:cash:CNY"), "I9": row.position, "I10": entry.position,
    }  # fmt: skip


def test_a_changed_row_with_its_hash_made_to_fit_breaks_the_root(tamper: Tamper) -> None:
    """The row alone looks right; the tree over all rows does not come to the head's root."""
    row = posting(tamper, "psbc:cash:CNY", "payout", 1)
    tamper.edit(row.position, add(-900))
    tamper.rehash(row.position)
    report = tamper.verify()
    assert report.rules["I9"].first_break == tamper.rows()[-1].position
    assert "a row was changed together with its hash" in report.rules["I9"].detail
    assert report.rules["I1"].first_break == row.position


def test_rehashing_everything_hides_from_the_hashes_and_not_from_the_books(tamper: Tamper) -> None:
    """Up to and with the head, every hash fits: now the debits no longer equal the credits."""
    row = posting(tamper, "psbc:cash:CNY", "payout", 1)
    tamper.edit(row.position, add(-900))
    tamper.restate_balances()
    tamper.rehash_everything()
    entry = posting(tamper, "corridor:in_flight:USD", "payout", 1)
    found = broken(tamper)
    assert (found["I1"], found["I2"], "I9" in found) == (row.boundary, entry.position, False)


def test_a_balanced_forgery_is_told_by_the_life_it_does_not_fit(tamper: Tamper) -> None:
    """The thief balances the entry, restates every balance and hashes everything anew: the payment's own facts still say what was paid."""
    cash, fx = posting(tamper, "psbc:cash:CNY", "payout", 2), posting(tamper, "psbc:fx:CNY", "payout", 2)
    tamper.edit(cash.position, add(-900))
    tamper.edit(fx.position, add(900))
    tamper.restate_balances()
    tamper.rehash_everything()
    found = broken(tamper)
    assert set(found) == {"I8", "I10"}
    assert found["I10"] == posting(tamper, "corridor:in_flight:USD", "payout", 2).position


@pytest.mark.parametrize(
    "state",
    [b"", b"not json", b"\xff\xfe\x00", b"[]", b"5", b"null", b"{}", b'{"lines":5}', b'{"lines":[[]],"balance":"x"}', b"{" * 5_000],
)
def test_bytes_that_cannot_be_read_are_named_and_never_stop_the_checker(tamper: Tamper, state: bytes) -> None:
    """Whatever stands in the row, hashed as if it had always been there: I9 says which row is no event."""
    row = posting(tamper, "psbc:cash:CNY", "payout", 1)
    tamper.put(row.position, state)
    tamper.rehash_everything()
    report = tamper.verify()
    assert report.rules["I9"].first_break == row.position
    assert report.rules["I9"].detail.startswith("the bytes are no Account.Posted.v1")


def test_a_topic_nobody_knows_cannot_be_read(tamper: Tamper) -> None:
    """A row from the future, or from a forger, is named with its topic."""
    row = find(tamper, "Transfer.Paid.v1", 1)
    tamper.sql("UPDATE ledger.events SET topic = 'Transfer.Gifted.v1' WHERE corridor = %(corridor)s AND position = %(p)s", p=row.position)
    tamper.rehash_everything()
    report = tamper.verify()
    assert report.rules["I9"].first_break == row.position
    assert "Transfer.Gifted.v1" in report.rules["I9"].detail


def test_flipped_bytes_anywhere_are_found_and_never_stop_the_checker(tamper: Tamper) -> None:
    """Forty seeded accidents to rows all over the log, hashed away or not: always a report, always red, never before the row."""
    random, rows = Random(20260330), tamper.rows()
    for _ in range(40):
        row, rehashed = random.choice(rows), random.random() < 0.5
        at, state = random.randrange(len(row.state)), bytearray(row.state)
        state[at] ^= random.randrange(1, 256)
        tamper.put(row.position, bytes(state))
        if rehashed:
            tamper.rehash(row.position)
        found = broken(tamper)
        assert found["I9"] == (rows[-1].position if rehashed and found["I9"] != row.position else row.position)
        tamper.put(row.position, row.state)
        tamper.rehash(row.position)
    assert broken(tamper) == {}


# Rows, order and time


def test_a_deleted_row_leaves_a_gap(tamper: Tamper) -> None:
    """The position is missing, and so is a version of its stream."""
    row = find(tamper, "Transfer.Accepted.v1", 1)
    tamper.sql("DELETE FROM ledger.events WHERE corridor = %(corridor)s AND position = %(p)s", p=row.position)
    found = broken(tamper)
    assert (found["I7"], found["I9"]) == (row.position, tamper.rows()[-1].position)


def test_a_log_cut_off_and_hashed_anew_still_owes_its_receipts(tamper: Tamper) -> None:
    """The last commits are gone, and the head agrees; the answers given for them do not."""
    cut = find(tamper, "Movement.WithdrawalRequested.v1").position - 1
    tamper.sql("DELETE FROM ledger.events WHERE corridor = %(corridor)s AND position > %(p)s", p=cut)
    tamper.rehash_everything()
    found = broken(tamper)
    assert found == {"I6": cut + 1, "I8": cut + 1}


def test_a_log_that_ends_inside_a_commit_is_named(tamper: Tamper) -> None:
    """Its last row is missing: the commit it belonged to never ends."""
    last = tamper.rows()[-1]
    tamper.sql("DELETE FROM ledger.events WHERE corridor = %(corridor)s AND position = %(p)s", p=last.position)
    assert broken(tamper)["I7"] == last.position


def test_two_rows_that_changed_places_are_named_by_the_first(tamper: Tamper) -> None:
    """Acceptance and payment of a transfer are swapped, and everything is hashed anew: versions run backwards and the life is illegal."""
    first, second = find(tamper, "Transfer.Cleared.v1", 1), find(tamper, "Transfer.Funded.v1", 1)
    move = "UPDATE ledger.events SET position = %(to)s WHERE corridor = %(corridor)s AND position = %(p)s"
    tamper.sql(move, p=first.position, to=0)
    tamper.sql(move, p=second.position, to=first.position)
    tamper.sql(move, p=0, to=second.position)
    assert broken(tamper)["I9"] == first.position
    tamper.rehash_everything()
    found = broken(tamper)
    assert (found["I7"], found["I10"], "I9" in found) == (first.position, first.position, False)


def test_states_that_changed_places_are_named_by_the_first(tamper: Tamper) -> None:
    """Each row keeps its place and takes the other's bytes."""
    first, second = find(tamper, "Transfer.Initiated.v1", 2), find(tamper, "Transfer.Initiated.v1", 3)
    tamper.put(first.position, second.state)
    tamper.put(second.position, first.state)
    assert broken(tamper)["I9"] == first.position


def test_time_that_runs_back_is_named(tamper: Tamper) -> None:
    """A commit is dated before the one it follows; hashing everything anew does not help."""
    row = find(tamper, "Movement.CashMoved.v1")
    tamper.sql(
        "UPDATE ledger.events SET recorded_at = recorded_at - interval '1 day' WHERE corridor = %(corridor)s AND boundary = %(b)s",
        b=row.boundary,
    )
    assert (broken(tamper)["I7"], broken(tamper)["I9"]) == (row.position, row.position)
    tamper.rehash_everything()
    assert broken(tamper) == {"I7": row.position}


def test_a_commit_that_was_split_is_named(tamper: Tamper) -> None:
    """Another boundary in the middle of a commit: its entries no longer balance at every boundary."""
    row = find(tamper, "Transfer.Funded.v1", 1)
    tamper.sql(
        "UPDATE ledger.events SET boundary = %(p)s WHERE corridor = %(corridor)s AND position BETWEEN %(first)s AND %(p)s",
        p=row.position + 2, first=find(tamper, "Transfer.Initiated.v1", 1).position,
    )  # fmt: skip
    tamper.rehash_everything()
    found = broken(tamper)
    assert found["I1"] == row.position + 2
    assert found["I2"] == row.position + 2


@pytest.mark.parametrize(
    ("statement", "rule", "detail"),
    [
        ("DELETE FROM ledger.heads WHERE corridor = %(corridor)s", "I9", "the log has no head"),
        ("UPDATE ledger.heads SET position = position + 3, tree_size = tree_size + 3 WHERE corridor = %(corridor)s", "I7", "the head says"),
        ("UPDATE ledger.heads SET compact_range = '\\x00' WHERE corridor = %(corridor)s", "I9", "compact range"),
        ("UPDATE ledger.heads SET root = '\\x00' WHERE corridor = %(corridor)s", "I9", "come to root"),
        ("UPDATE ledger.heads SET recorded_at = recorded_at + interval '1 h' WHERE corridor = %(corridor)s", "I7", "the head says it was"),
    ],
)
def test_a_head_that_does_not_fit_its_log_is_named(tamper: Tamper, statement: str, rule: str, detail: str) -> None:
    """The head is only what the rows come to."""
    tamper.sql(statement)
    result = tamper.verify().rules[rule]
    assert (result.ok, detail in result.detail) == (False, True), result


# Lives and commands


def test_a_payment_booked_twice_is_illegal_and_has_no_receipt(tamper: Tamper) -> None:
    """A second payment with all its lines, balanced and hashed: paid at most once, and one command acts in one commit."""
    paid = find(tamper, "Transfer.Paid.v1", 2)
    commit = [row for row in tamper.rows() if row.boundary == paid.boundary]
    copies = [(row.stream_id, row.topic, json.loads(row.state)) for row in commit]
    first = tamper.append(*copies)
    tamper.restate_balances()
    tamper.rehash_everything()
    found = broken(tamper)
    # That money was not in flight any more, and the sums of what is say so at the end of the forged commit.
    assert found == {"I6": first, "I10": first, "I15": first + len(copies) - 1}


def test_a_payout_without_its_step_is_named(tamper: Tamper) -> None:
    """Lines alone, balanced, under a command that exists: an entry of a transfer needs the step it belongs to."""
    paid = find(tamper, "Transfer.Paid.v1", 2)
    lines = [row for row in tamper.rows() if row.boundary == paid.boundary and row.topic == "Account.Posted.v1"]
    first = tamper.append(*((row.stream_id, row.topic, json.loads(row.state)) for row in lines))
    tamper.restate_balances()
    tamper.rehash_everything()
    assert broken(tamper)["I10"] == first


def test_a_step_without_its_entry_is_named(tamper: Tamper) -> None:
    """A dispatched transfer is declared paid and nothing is booked."""
    paid = json.loads(find(tamper, "Transfer.Paid.v1", 2).state)
    first = tamper.append((uetr_of(5), "Transfer.Paid.v1", paid))
    found = broken(tamper)
    assert found == {"I6": first, "I10": first, "I15": first}


def test_more_returned_than_was_paid_is_named(tamper: Tamper) -> None:
    """The second part of a return grows beyond what is left, in one currency only."""
    row = find(tamper, "Transfer.Returned.v1", 1, nth=1)
    tamper.edit(row.position, lambda facts: facts["part"].__setitem__(1, facts["part"][1] + 1))
    tamper.rehash_everything()
    report = tamper.verify()
    assert report.rules["I10"].first_break == row.position
    assert report.rules["I10"].detail == f"10001 of the settlement amount of {uetr_of(1)} were returned, and it was 10000"


def test_a_return_id_used_twice_is_named(tamper: Tamper) -> None:
    """A return is known by UETR and return id."""
    row = find(tamper, "Transfer.Returned.v1", 1, nth=1)
    tamper.edit(row.position, lambda facts: facts.update(return_id="r1"))
    tamper.rehash_everything()
    assert broken(tamper) == {"I6": row.position}


def test_a_uetr_initiated_twice_is_named(tamper: Tamper) -> None:
    """One UETR initiates at most one transfer, whatever version the second initiation claims."""
    initiated = find(tamper, "Transfer.Initiated.v1", 8)
    first = tamper.append((uetr_of(8), initiated.topic, json.loads(initiated.state)))
    assert broken(tamper)["I6"] == first


def test_one_officer_is_not_two(tamper: Tamper) -> None:
    """A case decided by the same officer twice does not clear a hold."""
    row = find(tamper, "ComplianceCase.Decided.v1")
    tamper.edit(row.position, lambda facts: facts.update(officers=["officer:li", "officer:li"]))
    tamper.rehash_everything()
    assert broken(tamper) == {"I10": row.position}


def test_a_receipt_that_vanished_leaves_its_events_unexplained(tamper: Tamper) -> None:
    """Each command of the log has its receipt in the commit of its events."""
    row = find(tamper, "Transfer.Paid.v1", 1)
    tamper.sql("DELETE FROM ledger.receipts WHERE corridor = %(corridor)s AND command = %(c)s", c=json.loads(row.state)["command"])
    assert broken(tamper) == {"I6": row.position}


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ('answer = \'{"refusal":{"code":"x"}}\'', "was refused and has events"),
        ("answer = 'nothing readable'", "cannot be read"),
        ("position = position - 1", "where no commit ends"),
        ("command = '00000000-0000-4000-8000-000000000000'", "has events and no receipt"),
    ],
)
def test_a_receipt_that_says_something_else_is_named(tamper: Tamper, change: str, detail: str) -> None:
    """What was answered and what was done are compared both ways."""
    row = find(tamper, "Transfer.Paid.v1", 1)
    command = json.loads(row.state)["command"]
    tamper.sql(f"UPDATE ledger.receipts SET {change} WHERE corridor = %(corridor)s AND command = %(c)s", c=command)
    result = tamper.verify().rules["I6"]
    assert row.position <= (result.first_break or 0) <= row.boundary
    assert detail in result.detail


def test_an_accepted_command_without_events_and_a_second_receipt_are_named(tamper: Tamper) -> None:
    """A receipt alone promises what never happened; two receipts of one command promise it twice."""
    paid = find(tamper, "Transfer.Paid.v1", 1)
    copy = (
        "INSERT INTO ledger.receipts SELECT corridor, %(digest)s, partner, %(new)s, fingerprint, fingerprint_key, answer, position, "
        "recorded_at FROM ledger.receipts WHERE corridor = %(corridor)s AND command = %(c)s"
    )
    command = json.loads(paid.state)["command"]
    tamper.sql(copy, digest=b"\1", new="00000000-0000-4000-8000-000000000000", c=command)
    assert broken(tamper) == {"I6": paid.boundary}
    tamper.sql("UPDATE ledger.receipts SET command = %(c)s WHERE corridor = %(corridor)s AND digest = %(digest)s", c=command, digest=b"\1")
    assert tamper.verify().rules["I6"][1:] == (
        tamper.verify().rules["I6"].checked, paid.boundary, f"command {command} has more than one receipt",
    )  # fmt: skip


# Floors and sums


def test_a_funding_below_the_floor_then_in_force_is_named(tamper: Tamper) -> None:
    """The cap is forged lower from the start: the first funding that would not have been allowed is the break."""
    floor = 989_900
    for row in tamper.rows():
        if row.topic == "Account.Opened.v1" and json.loads(row.state)["name"] == "abb:position:USD":
            tamper.edit(row.position, lambda facts: facts.update(floor=floor))
    tamper.rehash_everything()
    found = broken(tamper)
    first = posting(tamper, "abb:position:USD", "prefund")
    assert json.loads(first.state)["balance"] == 1_000_000
    assert found["I12"] == posting(tamper, "abb:position:USD", "funding", 2).position


def test_a_transfer_worth_more_than_was_booked_breaks_the_sum_in_flight(tamper: Tamper) -> None:
    """The settlement amount of a transfer in flight is raised in its initiation: in_flight no longer is the sum of what is in flight."""
    row = find(tamper, "Transfer.Initiated.v1", 5)
    tamper.edit(row.position, lambda facts: facts["pricing"].update(settlement=10_001))
    tamper.rehash_everything()
    found = broken(tamper)
    assert (found["I15"], "I1" in found, "I9" in found) == (row.boundary, False, False)


def test_cash_that_is_owed_to_nobody_breaks_the_identity(tamper: Tamper) -> None:
    """A prefund is raised on the bank's side only: the settlement bank holds more than the corridor owes."""
    row = posting(tamper, "corridor:settlement_bank:USD", "prefund")
    tamper.edit(row.position, add(5))
    tamper.restate_balances()
    tamper.rehash_everything()
    found = broken(tamper)
    assert (found["I1"], found["I16"]) == (row.boundary, row.boundary)


# Projections


@pytest.mark.parametrize(
    ("statement", "topic", "detail"),
    [
        ("UPDATE projections.transfers SET state = 'paid' WHERE state = 'held'", "Transfer.Held.v1", "state is paid, by the log held"),
        ("UPDATE projections.transfers SET fee = 1 WHERE state = 'held'", "Transfer.Held.v1", "fee is 1, by the log 3000"),
        ("DELETE FROM projections.transfers WHERE state = 'held'", "Transfer.Held.v1", "transfers lacks"),
        ("DELETE FROM projections.movements WHERE reference = 'float-abb'", "Movement.CashMoved.v1", "movements lacks float-abb"),
        ("UPDATE projections.breaks SET difference = 0 WHERE break_id = 'b1'", "ReconciliationBreak.Parked.v1", "breaks says of b1"),
        ("UPDATE projections.cycles SET pay_outs = '{}' WHERE true", "SettlementCycle.Settled.v1", "cycles says of 1"),
        ("DELETE FROM projections.cycle_payments WHERE participant = 'abb'", "SettlementCycle.PaidOut.v1", "lacks 1 pay_out abb"),
        ("UPDATE projections.cases SET outcome = NULL WHERE outcome = 'reject'", "ComplianceCase.Decided.v1", "cases says of hold-"),
        ("UPDATE projections.rate_sheets SET rates = '{}' WHERE sheet = 'abb-1'", "RateSheet.Published.v1", "rate_sheets says of abb"),
    ],
)
def test_a_projection_that_differs_from_the_log_is_named(tamper: Tamper, statement: str, topic: str, detail: str) -> None:
    """I8 names what differs and the event that says otherwise; the log itself stays green."""
    tamper.sql(f"{statement} AND corridor = %(corridor)s")
    report = tamper.verify()
    [(rule, position)] = breaks(report).items()
    assert (rule, tamper.row(position or 0).topic) == ("I8", topic)
    assert detail in report.rules["I8"].detail


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("UPDATE projections.balances SET balance = balance + 1", "abb:own:MAD: balance is 500001, by the log 500000"),
        ("UPDATE projections.balances SET floor = 0", "floor is 0, by the log None"),
        ("DELETE FROM projections.balances", "balances lacks account abb:own:MAD"),
        ("DELETE FROM projections.journal_lines", "lines in its journal is 0, by the log 1; sum of its lines is 0, by the log -500000"),
        ("UPDATE projections.journal_lines SET position = position - 1", "amounts or positions of its lines is"),
        ("UPDATE projections.balance_history SET balance = 7", "balances in its history is"),
        ("DELETE FROM projections.balance_history", "commits in its history is 0, by the log 2"),
    ],
)
def test_an_account_that_differs_is_named_with_the_last_commit_on_it(tamper: Tamper, statement: str, detail: str) -> None:
    """Not only where an account stands: every line and every earlier balance is compared."""
    tamper.sql(f"{statement} WHERE corridor = %(corridor)s AND account = 'abb:own:MAD'")
    report = tamper.verify()
    assert breaks(report) == {"I8": last_commit_on(tamper, "abb:own:MAD")}
    assert detail in report.rules["I8"].detail


def test_a_trail_that_forgot_something_is_named(tamper: Tamper) -> None:
    """The audit trail has as many events as the log, and the same ones."""
    tamper.sql("DELETE FROM projections.audit_trail WHERE corridor = %(corridor)s AND topic = 'ComplianceCase.Decided.v1'")
    report = tamper.verify()
    assert breaks(report) == {"I8": report.position}
    assert "the audit trail has" in report.rules["I8"].detail


def test_projections_that_stand_where_no_commit_ends_are_named(tamper: Tamper) -> None:
    """Ahead of the log, or inside a commit: no replay can come to that."""
    stand = "UPDATE ledger.tracking SET position = %(p)s WHERE corridor = %(corridor)s"
    head = tamper.rows()[-1].position
    tamper.sql(stand, p=head + 1)
    assert broken(tamper) == {"I8": head + 1}
    tamper.sql(stand, p=head - 1)
    assert broken(tamper) == {"I8": head - 1}


def test_a_corridor_that_was_never_projected_has_nothing_to_compare(database_url: str, corridor: str) -> None:
    """The log alone is enough for every other rule."""
    small = SmallCorridor(database_url, corridor)
    small.open()
    report = verify(small.pool, corridor)
    assert breaks(report) == {}
    assert report.rules["I8"] == (True, 0, None, "nothing is projected")
    small.close()
