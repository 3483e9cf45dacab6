-- What of an account's life is not a posting has one more kind: one officer proposes to open or close it, another one confirms. The index by
-- which these are found without walking through the postings has to hold them all, so a wider one takes its place.
CREATE INDEX events_of_accounts_by_two ON ledger.events (corridor, stream_id, stream_version)
    WHERE topic IN ('Account.Opened.v1', 'Account.FloorSet.v1', 'Account.StatusProposed.v1', 'Account.StatusSet.v1');
DROP INDEX ledger.events_of_accounts;
