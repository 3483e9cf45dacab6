"""The database schema as SQL files, applied in order by `ledger.eventstore.migrate` and never edited."""
