-- What of an account's life is not a posting, found without walking through the postings: every transfer adds some of those, and the
-- newest one states the balance. A writer that begins on a long log reads these and that one.
CREATE INDEX events_of_accounts ON ledger.events (corridor, stream_id, stream_version)
    WHERE topic IN ('Account.Opened.v1', 'Account.FloorSet.v1', 'Account.StatusSet.v1');
