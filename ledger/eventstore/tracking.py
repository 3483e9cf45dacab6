"""How far readers of the log have come, kept in the transaction of what they made of the events."""

from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.queries import QUERIES


def advance_tracking(cursor: PostgresCursor, corridor: str, name: str, position: int) -> bool:
    """Moves reader `name` of a corridor to `position`; False, and nothing done, when it stands there or further."""
    return bool(cursor.rows(QUERIES["advance_tracking"], {"corridor": corridor, "name": name, "position": position}))


def tracking_position(cursor: PostgresCursor, corridor: str, name: str) -> int:
    """Where reader `name` of a corridor stands; 0 before its first page."""
    rows = cursor.rows(QUERIES["tracking_position"], {"corridor": corridor, "name": name})
    return int(rows[0][0]) if rows else 0


def reset_tracking(cursor: PostgresCursor, corridor: str, name: str) -> None:
    """Puts reader `name` of a corridor back to the beginning, for one who has emptied what it made."""
    cursor.execute(QUERIES["reset_tracking"], {"corridor": corridor, "name": name})


def tracked_corridors(cursor: PostgresCursor, name: str) -> list[str]:
    """The corridors that reader `name` has begun with."""
    return [corridor for (corridor,) in cursor.rows(QUERIES["tracked_corridors"], {"name": name})]
