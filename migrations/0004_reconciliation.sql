-- What the banks' statements said, and what each night found when the ledger was held against them.
--
-- Nothing here is ever changed: statements and reports are records. What may stand in the way of erasing a person is the file as it
-- came, which can carry names; it is kept as long as the terms say and referred to by its digest only.

CREATE SCHEMA reconciliation;
GRANT USAGE ON SCHEMA reconciliation TO corridor_app;

-- Files as they were received, byte for byte.
CREATE TABLE reconciliation.files (
    corridor    text COLLATE "C" NOT NULL,
    digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
    body        bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (corridor, digest)
);
COMMENT ON COLUMN reconciliation.files.digest IS 'SHA-256 of the body.';

-- The statements in those files. `digest` is over the statement's content, so that it is recognised in another file. Balances are minor
-- units of the account's currency, debit positive.
CREATE TABLE reconciliation.statements (
    corridor    text COLLATE "C" NOT NULL,
    account     text COLLATE "C" NOT NULL,
    statement   text COLLATE "C" NOT NULL,
    digest      bytea NOT NULL,
    file        bytea NOT NULL,
    first_day   date NOT NULL,
    last_day    date NOT NULL,
    opening     bigint NOT NULL,
    closing     bigint NOT NULL,
    line_count  integer NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (corridor, account, statement),
    FOREIGN KEY (corridor, file) REFERENCES reconciliation.files (corridor, digest)
);

-- A night that began: what it looks at, and the boundary it looks from, so that it ends the same however often it is interrupted.
-- `figures` are the corridor's balances and transfers as they stood there.
CREATE TABLE reconciliation.nights (
    corridor      text COLLATE "C" NOT NULL,
    night         text COLLATE "C" NOT NULL,
    business_date date NOT NULL,
    boundary      bigint NOT NULL,
    figures       jsonb NOT NULL,
    started_at    timestamptz NOT NULL,
    PRIMARY KEY (corridor, night)
);

-- What a night came to, in one row a night and statement: `open_lines` are looked at again with the account's next statement, `remainder`
-- is what no line explains of the difference between the closing balances (minor units, debit positive).
CREATE TABLE reconciliation.reconciled (
    corridor   text COLLATE "C" NOT NULL,
    account    text COLLATE "C" NOT NULL,
    statement  text COLLATE "C" NOT NULL,
    night      text COLLATE "C" NOT NULL,
    boundary   bigint NOT NULL,
    last_day   date NOT NULL,
    closing    bigint NOT NULL,
    remainder  bigint NOT NULL,
    open_lines jsonb NOT NULL,
    PRIMARY KEY (corridor, account, statement, night),
    FOREIGN KEY (corridor, account, statement) REFERENCES reconciliation.statements,
    FOREIGN KEY (corridor, night) REFERENCES reconciliation.nights
);
CREATE INDEX reconciled_by_day ON reconciliation.reconciled (corridor, account, last_day, boundary);

-- Reports, as the bytes that were first written. A night without a report was interrupted.
CREATE TABLE reconciliation.reports (
    corridor      text COLLATE "C" NOT NULL,
    night         text COLLATE "C" NOT NULL,
    business_date date NOT NULL,
    boundary      bigint NOT NULL,
    document      bytea NOT NULL,
    written_at    timestamptz NOT NULL,
    PRIMARY KEY (corridor, night),
    FOREIGN KEY (corridor, night) REFERENCES reconciliation.nights
);
CREATE INDEX reports_by_day ON reconciliation.reports (corridor, business_date, boundary);

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA reconciliation TO corridor_app;
