"""The vault on a real PostgreSQL: keeping, reading, recognising and forgetting."""

import random
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import psycopg2
import pytest

from ledger.eventstore.binary_copy import PIECE_BYTES
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.migrate import migrate
from ledger.privacy.commitments import commit_party, differing_fields, openings_of
from ledger.privacy.entropy import new_subject_id
from ledger.privacy.errors import RecordUnfit, SubjectErased, SubjectTaken, SubjectUnknown
from ledger.privacy.fingerprints import fingerprint, matches
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.records import RecordKind
from ledger.privacy.subjects import NewSubject
from ledger.privacy.vault import Vault

NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
FATIMA = {RecordKind.PARTY: {"name": "Fatima Zahra Benali", "town": "Rabat"}, RecordKind.ACCOUNT: "MA64 0115 1900"}
WANG = {RecordKind.PARTY: {"name": "王伟", "town": "北京"}, RecordKind.REFERENCE: "学费 2026"}


@pytest.fixture
def url(empty_database_url: str) -> str:
    """A migrated database of this test alone: a vault belongs to one master key."""
    migrate(empty_database_url)
    return empty_database_url


@pytest.fixture
def pool(url: str) -> Iterator[PostgresPool]:
    """Connections under the application's role."""
    opened = PostgresPool(url)
    yield opened
    opened.close()


@pytest.fixture
def vault(pool: PostgresPool, tmp_path: Path) -> Vault:
    """An empty vault under a key file of its own."""
    return Vault(pool, FileKeyProvider(tmp_path / "vault.key"))


def ids(*numbers: int) -> list[UUID]:
    """Subject ids that repeat from test to test."""
    return [new_subject_id(random.Random(number).randbytes) for number in numbers]


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    """What the owner of the database sees."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()
    finally:
        connection.close()


def test_what_is_stored_is_read_again_by_any_process_with_the_key(vault: Vault, pool: PostgresPool, tmp_path: Path) -> None:
    """Many subjects go in together and come out one by one or together, through another vault object on the same key."""
    fatima, wang, message = ids(1, 2, 3)
    body = bytes(range(256)) * 1000
    stored = vault.store_subjects([NewSubject(fatima, FATIMA), NewSubject(wang, WANG), NewSubject(message, {RecordKind.BODY: body})])
    assert [subject.subject_id for subject in stored] == [fatima, wang, message]
    again = Vault(pool, FileKeyProvider(tmp_path / "vault.key"))
    assert again.read(fatima) == FATIMA
    assert again.read(message) == {RecordKind.BODY: body}
    assert again.read_many([fatima, wang, *ids(99)]) == {fatima: FATIMA, wang: WANG}


def test_large_records_among_small_ones_are_sealed_and_stored_piece_by_piece(vault: Vault, url: str) -> None:
    """Two of several megabytes, between and after small ones: each opens whole, and storing them again changes nothing."""
    one, other, fatima, wang = ids(1, 2, 3, 4)
    bodies = [random.Random(number).randbytes(3 * PIECE_BYTES + number) for number in (0, 7)]
    subjects = [
        NewSubject(fatima, FATIMA),
        NewSubject(one, {RecordKind.MESSAGE: bodies[0], RecordKind.REFERENCE: "a file"}),
        NewSubject(wang, WANG),
        NewSubject(other, {RecordKind.MESSAGE: bodies[1]}),
    ]
    assert vault.store_subjects(subjects) == vault.store_subjects(subjects)
    assert vault.read_many([one, other, fatima, wang]) == {subject.subject_id: subject.records for subject in subjects}
    assert rows(url, "SELECT count(*) FROM vault.records") == [(7,)]


def test_nothing_readable_stands_in_the_tables(vault: Vault, url: str) -> None:
    """Neither texts nor keys: a dump of the vault's tables says nothing about anyone."""
    [fatima] = ids(1)
    person = vault.person_id("abb-psbc", "abb", "CIN MA AB123456")
    vault.store_subjects([NewSubject(fatima, FATIMA, frozenset({person}))])
    key = vault.subject_key(fatima)
    assert key is not None
    dump = b"".join(
        bytes(row[0])  # type: ignore[call-overload]
        for table in ("subjects", "records", "index_keys", "subject_persons", "master_key")
        for row in rows(url, f"SELECT convert_to({table}::text, 'UTF8') FROM vault.{table}")
    )
    for secret in (b"Fatima", b"Rabat", b"MA64", b"AB123456", b"Fatima".hex().encode(), key.hex().encode()):
        assert secret not in dump


def test_storing_nothing_or_a_subject_without_records_is_fine(vault: Vault) -> None:
    """A key alone is enough to take fingerprints under."""
    [empty] = ids(1)
    assert vault.store_subjects([]) == []
    [stored] = vault.store_subjects([NewSubject(empty, {})])
    assert vault.read(empty) == {}
    assert vault.fingerprint_keys([empty]) == {empty: stored.fingerprint_key}


def test_a_repeated_attempt_changes_nothing_and_completes_what_is_new(vault: Vault, url: str) -> None:
    """After a lost answer the same subjects are stored again: same keys, no second copy, the missing one added."""
    fatima, wang = ids(1, 2)
    first = vault.store_subjects([NewSubject(fatima, FATIMA)])
    again = vault.store_subjects([NewSubject(wang, WANG), NewSubject(fatima, dict(reversed(FATIMA.items())))])
    assert again[1] == first[0]
    assert rows(url, "SELECT count(*) FROM vault.subjects") == [(2,)]
    assert rows(url, "SELECT count(*) FROM vault.records") == [(4,)]


def test_processes_that_replay_one_seed_at_once_all_get_the_same_subjects(vault: Vault, url: str) -> None:
    """Overlapping sets stored from four threads: each subject exists once, and everyone holds its one key."""
    subjects = [NewSubject(subject_id, FATIMA) for subject_id in ids(*range(6))]
    for subject in subjects[::2]:
        vault.store_subjects([subject])
    with ThreadPoolExecutor(4) as processes:
        answers = list(processes.map(lambda _: vault.store_subjects(subjects), range(4)))
    assert answers == [answers[0]] * 4
    assert rows(url, "SELECT count(*) FROM vault.subjects") == [(6,)]


def test_an_id_that_stands_for_someone_else_is_refused(vault: Vault) -> None:
    """Nobody's records are replaced, and the message names the id only."""
    [fatima] = ids(1)
    vault.store_subjects([NewSubject(fatima, FATIMA)])
    with pytest.raises(SubjectTaken) as refused:
        vault.store_subjects([NewSubject(fatima, WANG)])
    assert str(refused.value) == f"Subject {fatima} is already stored with other records; draw a new subject id."
    assert vault.read(fatima) == FATIMA


def test_a_kind_of_record_nobody_knows_is_a_mistake_of_the_caller(vault: Vault) -> None:
    """The kinds are few and fixed; the message names the wrong one."""
    [fatima] = ids(1)
    with pytest.raises(ValueError, match=r"^'diary' is not a valid RecordKind$"):
        vault.store_subjects([NewSubject(fatima, {"diary": "…"})])  # type: ignore[dict-item]


def test_one_record_that_cannot_be_kept_keeps_all_of_them_out(vault: Vault) -> None:
    """A call stores all or none."""
    fatima, wang = ids(1, 2)
    with pytest.raises(RecordUnfit):
        vault.store_subjects([NewSubject(fatima, FATIMA), NewSubject(wang, {RecordKind.PARTY: {"height": 1.8}})])
    assert vault.read_many([fatima, wang]) == {}


def test_an_id_given_twice_in_one_call_is_a_mistake_of_the_caller(vault: Vault) -> None:
    """It would be a coin toss which records stay."""
    [fatima] = ids(1)
    with pytest.raises(ValueError, match=r"^A subject id comes twice in one call"):
        vault.store_subjects([NewSubject(fatima, FATIMA), NewSubject(fatima, WANG)])


def test_an_erased_person_cannot_be_read_and_everyone_else_can(vault: Vault, url: str) -> None:
    """Key and ciphertexts are gone, the tombstone says when, and the neighbour is untouched."""
    fatima, wang = ids(1, 2)
    vault.store_subjects([NewSubject(fatima, FATIMA), NewSubject(wang, WANG)])
    assert vault.erase(fatima, NOON) == NOON
    with pytest.raises(SubjectErased) as refused:
        vault.read(fatima)
    assert str(refused.value) == f"Subject {fatima} was erased at 2026-03-27T12:00:00+00:00."
    assert refused.value.erased_at == NOON
    assert vault.subject_key(fatima) is None
    assert vault.fingerprint_keys([fatima, wang]).keys() == {wang}
    assert vault.read_many([fatima, wang]) == {wang: WANG}
    assert rows(url, f"SELECT wrapped_key FROM vault.subjects WHERE subject_id = '{fatima}'") == [(None,)]
    assert rows(url, f"SELECT * FROM vault.records WHERE subject_id = '{fatima}'") == []


def test_erasing_again_answers_the_first_instant_and_an_erased_subject_never_comes_back(vault: Vault) -> None:
    """The tombstone stands: a repeated store under the same id does not bring the person back."""
    [fatima] = ids(1)
    vault.store_subjects([NewSubject(fatima, FATIMA)])
    vault.erase(fatima, NOON.astimezone(timezone(timedelta(hours=8))))
    assert vault.erase(fatima, NOON + timedelta(days=1)) == NOON
    with pytest.raises(SubjectErased):
        vault.store_subjects([NewSubject(fatima, FATIMA)])


def test_two_officers_erasing_at_once_get_one_tombstone(vault: Vault) -> None:
    """Whoever comes second reads what the first one wrote."""
    subjects = ids(*range(20))
    vault.store_subjects([NewSubject(subject, FATIMA) for subject in subjects])
    with ThreadPoolExecutor(4) as officers:
        answers = list(officers.map(lambda number: vault.erase_many(subjects, NOON + timedelta(seconds=number)), range(4)))
    assert answers == [answers[0]] * 4
    assert answers[0].keys() == set(subjects)


def test_an_erasure_needs_a_known_subject_and_an_instant_with_a_zone(vault: Vault) -> None:
    """An instant without a zone is no instant; an id nobody stored is said to be unknown."""
    [nobody] = ids(1)
    with pytest.raises(SubjectUnknown, match=rf"^Subject {nobody} is not in this vault\.$"):
        vault.erase(nobody, NOON)
    with pytest.raises(SubjectUnknown):
        vault.read(nobody)
    with pytest.raises(ValueError, match=r"needs a time zone: 2026-03-27T12:00:00 has none"):
        vault.erase(nobody, NOON.replace(tzinfo=None))
    assert vault.subject_key(nobody) is None


def test_a_person_is_found_by_document_and_erased_with_every_message_that_names_them(vault: Vault) -> None:
    """The message that names both people goes with the first; the other person's own record stays."""
    fatima, wang, message = ids(1, 2, 3)
    sender = vault.person_id("abb-psbc", "abb", "CIN MA AB123456")
    receiver = vault.person_id("abb-psbc", "psbc", "ID CN 110101199003078888")
    vault.store_subjects(
        [
            NewSubject(fatima, FATIMA, frozenset({sender})),
            NewSubject(wang, WANG, frozenset({receiver})),
            NewSubject(message, {RecordKind.BODY: b"<Document/>"}, frozenset({sender, receiver})),
        ]
    )
    found = vault.subjects_of(vault.person_id("abb-psbc", "abb", "cin ma AB-123456"))
    assert found == sorted([fatima, message])
    vault.erase_many(found, NOON)
    assert vault.read_many([fatima, wang, message]) == {wang: WANG}
    assert (vault.subjects_of(sender), vault.subjects_of(receiver)) == ([], [wang])


def test_corridor_keys_are_one_for_all_processes_and_another_for_each_corridor(vault: Vault, pool: PostgresPool, tmp_path: Path) -> None:
    """Threads and processes that ask for the first time at once end with one key."""
    vaults = [vault, *(Vault(pool, FileKeyProvider(tmp_path / "vault.key")) for _ in range(7))]
    with ThreadPoolExecutor(8) as asking:
        keys = set(asking.map(lambda each: each.corridor_fingerprint_key("abb-psbc"), vaults))
        persons = set(asking.map(lambda each: each.person_id("abb-psbc", "abb", "CIN MA 1"), vaults))
    assert len(keys) == len(persons) == 1
    assert vault.corridor_fingerprint_key("bcel-agribank") not in keys
    assert vault.person_id("bcel-agribank", "abb", "CIN MA 1") not in persons


def test_a_repeated_request_is_recognised_until_its_subject_is_erased(vault: Vault) -> None:
    """The fingerprint in the receipt is compared under the key of the subject it was first made for."""
    request = ("POST", "/v1/corridors/abb-psbc/transfers", b'{"debtor":"Fatima"}')
    [fatima] = ids(1)
    [stored] = vault.store_subjects([NewSubject(fatima, FATIMA)])
    receipt = fingerprint(stored.fingerprint_key, *request)
    assert matches(receipt, vault.fingerprint_keys([fatima])[fatima], *request)
    assert not matches(receipt, vault.fingerprint_keys([fatima])[fatima], *request[:2], b'{"debtor":"Fatma"}')
    vault.erase(fatima, NOON)
    assert vault.fingerprint_keys([fatima]) == {}


def test_what_the_log_committed_to_is_opened_from_the_vault(vault: Vault) -> None:
    """Commitments in the event and openings in the vault belong together, field by field."""
    [fatima] = ids(1)
    committed = commit_party({"name": "فاطمة", "town": "Rabat"}, random.Random(7).randbytes)
    vault.store_subjects([NewSubject(fatima, {RecordKind.PARTY: committed.as_record()})])
    assert differing_fields(openings_of(vault.read(fatima)[RecordKind.PARTY]), committed.commitments) == []


class Log:
    """Stands for the log: says which of the ids it was asked about it names, and remembers what it was asked."""

    def __init__(self, *named: UUID) -> None:
        self.named = set(named)
        self.asked: list[UUID] = []

    def __call__(self, subjects: Sequence[UUID]) -> AbstractSet[UUID]:
        self.asked += subjects
        return self.named & set(subjects)


def test_a_sweep_removes_what_no_command_ever_named(vault: Vault, url: str) -> None:
    """Orphans vanish with records and links, page by page; named subjects and tombstones stay."""
    named, erased, *orphans = ids(*range(9))
    person = vault.person_id("abb-psbc", "abb", "CIN MA 1")
    everyone = [NewSubject(subject, FATIMA, frozenset({person})) for subject in (named, erased, *orphans)]
    vault.store_subjects(everyone)
    vault.erase(erased, NOON)
    log = Log(named)
    swept = vault.sweep_orphans(log, timedelta(0), page=3)
    assert (swept.examined, swept.removed) == (8, 7)
    assert sorted(log.asked) == sorted([named, *orphans])
    assert vault.read_many([named, *orphans]) == {named: FATIMA}
    assert vault.subjects_of(person) == [named]
    assert rows(url, "SELECT count(*), count(erased_at) FROM vault.subjects") == [(2, 1)]
    assert rows(url, "SELECT count(*) FROM vault.records") == [(2,)]


def test_a_sweep_leaves_alone_what_may_still_be_on_its_way(vault: Vault) -> None:
    """A subject younger than the given age may belong to a command that waits; the log is not even asked."""
    [waiting] = ids(1)
    vault.store_subjects([NewSubject(waiting, FATIMA)])
    log = Log()
    assert vault.sweep_orphans(log, timedelta(hours=1)).examined == 0
    assert log.asked == []
    assert vault.read(waiting) == FATIMA


def test_a_sweep_goes_on_where_the_last_one_ended(vault: Vault) -> None:
    """Ten years of subjects are not asked about every night."""
    old, young = ids(1, 2)
    log = Log(old, young)
    vault.store_subjects([NewSubject(old, FATIMA)])
    first = vault.sweep_orphans(log, timedelta(0))
    vault.store_subjects([NewSubject(young, WANG)])
    second = vault.sweep_orphans(log, timedelta(0))
    assert log.asked == [old, young]
    assert second.through >= first.through
    assert vault.sweep_orphans(log, timedelta(hours=1)).examined == 0
    assert vault.sweep_orphans(log, timedelta(0)).examined == 0
