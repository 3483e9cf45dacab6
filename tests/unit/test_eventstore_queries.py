"""The file that holds all SQL of the log."""

import pytest

from ledger.eventstore.queries import QUERIES, read_blocks


def test_blocks_are_read_by_name_without_their_comments() -> None:
    """The comments above a statement are for readers of the file; those inside it stay with it."""
    text = "-- name: first\n-- Says one.\n-- And why.\nSELECT 1;\n\n-- name: second\n-- Says two.\nSELECT\n-- two\n2;\n"
    assert read_blocks(text) == {"first": "SELECT 1;", "second": "SELECT\n-- two\n2;"}


@pytest.mark.parametrize(
    "text", ["-- name: silent\nSELECT 1;\n", "-- name: twice\n-- One.\nSELECT 1;\n-- name: twice\n-- Two.\nSELECT 2;\n"]
)
def test_a_block_without_a_comment_or_a_name_of_its_own_is_refused(text: str) -> None:
    """The file would otherwise drift into something nobody can read or find."""
    with pytest.raises(ValueError, match="needs a name of its own and a comment"):
        read_blocks(text)


def test_every_statement_ends_so_that_another_may_follow() -> None:
    """Blocks are joined into one trip."""
    assert [name for name, statement in QUERIES.items() if not statement.endswith(";")] == []
