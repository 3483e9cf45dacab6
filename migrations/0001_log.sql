-- The log of every corridor, its head, its receipts, and what the application may do with them.
-- The role corridor_app belongs to the whole cluster, so `migrate` makes it before the first migration of any database.

-- Where the last commit of a corridor ended. Writers take its row lock, which makes commit order position order.
-- The pages stay mostly empty so that the one busy row is updated in place.
CREATE TABLE ledger.heads (
    corridor      text COLLATE "C" PRIMARY KEY,
    position      bigint NOT NULL,
    recorded_at   timestamptz NOT NULL,
    tree_size     bigint NOT NULL,
    root          bytea NOT NULL,
    compact_range bytea NOT NULL,
    CHECK (position >= 0 AND tree_size = position)
) WITH (fillfactor = 10);

-- One row a fact. Positions of a corridor run from 1 without gaps; boundary is the last position of the row's commit.
CREATE TABLE ledger.events (
    corridor       text COLLATE "C" NOT NULL,
    position       bigint NOT NULL,
    boundary       bigint NOT NULL,
    stream_id      uuid NOT NULL,
    stream_version bigint NOT NULL,
    topic          text COLLATE "C" NOT NULL,
    state          bytea NOT NULL,
    recorded_at    timestamptz NOT NULL,
    leaf_hash      bytea NOT NULL,
    PRIMARY KEY (corridor, position),
    UNIQUE (corridor, stream_id, stream_version),
    CHECK (boundary >= position)
);

-- One row a command, business refusals included: what was asked under which key, and what was answered.
CREATE TABLE ledger.receipts (
    corridor        text COLLATE "C" NOT NULL,
    digest          bytea NOT NULL,
    partner         text NOT NULL,
    command         uuid NOT NULL,
    fingerprint     bytea NOT NULL,
    fingerprint_key uuid,
    answer          bytea NOT NULL,
    position        bigint NOT NULL,
    recorded_at     timestamptz NOT NULL,
    PRIMARY KEY (corridor, digest)
);

-- The state of an aggregate at a version, kept to start faster. Can be rebuilt from the events at any time.
CREATE TABLE ledger.snapshots (
    corridor       text COLLATE "C" NOT NULL,
    stream_id      uuid NOT NULL,
    stream_version bigint NOT NULL,
    topic          text COLLATE "C" NOT NULL,
    state          bytea NOT NULL,
    PRIMARY KEY (corridor, stream_id, stream_version)
);

-- How far a reader of the log has come; written in the transaction of what it made of the events.
CREATE TABLE ledger.tracking (
    corridor text COLLATE "C" NOT NULL,
    name     text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (corridor, name)
) WITH (fillfactor = 10);

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is forbidden: the log is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'A mistake in the log is corrected by a further event.';
END
$$;

CREATE FUNCTION ledger.refuse_step_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'UPDATE on ledger.heads is forbidden: the head of % would go back from position % (%) to % of % (%)',
        OLD.corridor, OLD.position, OLD.recorded_at, NEW.position, NEW.corridor, NEW.recorded_at
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.events
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.receipts
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON ledger.heads
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER forward_only BEFORE UPDATE ON ledger.heads
    FOR EACH ROW
    WHEN (NEW.corridor <> OLD.corridor OR NEW.position < OLD.position OR NEW.recorded_at < OLD.recorded_at)
    EXECUTE FUNCTION ledger.refuse_step_back();

-- ALWAYS, so that a session in replica mode does not pass them by.
ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ledger.receipts ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ledger.heads ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ledger.heads ENABLE ALWAYS TRIGGER forward_only;

GRANT USAGE ON SCHEMA ledger TO corridor_app;
GRANT SELECT, INSERT ON ledger.events, ledger.receipts, ledger.snapshots TO corridor_app;
GRANT SELECT, INSERT, UPDATE ON ledger.heads, ledger.tracking TO corridor_app;
GRANT SELECT ON ledger.migrations TO corridor_app;

-- Projections are derived, so the application may build tables there beside the live ones and switch to them.
CREATE SCHEMA projections;
GRANT USAGE, CREATE ON SCHEMA projections TO corridor_app;

CREATE SCHEMA vault;
GRANT USAGE ON SCHEMA vault TO corridor_app;
