-- What is told to the banks by webhook. A queue beside the feed: the feed stays the guarantee, and can be read again at any time.
CREATE SCHEMA webhooks;

-- How far of a participant's feed stands in the queue.
CREATE TABLE webhooks.readers (
    corridor    text COLLATE "C" NOT NULL,
    participant text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (corridor, participant)
);

-- One entry of the feed on its way to its bank. `claimed_until` is how long a worker keeps it to itself: one that was killed is
-- followed by another. `state` is due, delivered, dead (given up, to be looked at) or dismissed (a person said so).
CREATE TABLE webhooks.deliveries (
    corridor      text COLLATE "C" NOT NULL,
    participant   text COLLATE "C" NOT NULL,
    position      bigint NOT NULL,
    recorded_at   timestamptz NOT NULL,
    kind          text NOT NULL,
    uetr          uuid NOT NULL,
    state         text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'delivered', 'dead', 'dismissed')),
    attempts      integer NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL,
    claimed_until timestamptz,
    last_status   integer,
    last_error    text NOT NULL DEFAULT '',
    ended_at      timestamptz,
    PRIMARY KEY (corridor, participant, position)
);
CREATE INDEX deliveries_due ON webhooks.deliveries (due_at) WHERE state = 'due';
CREATE INDEX deliveries_in_order ON webhooks.deliveries (corridor, participant, uetr, position) WHERE state IN ('due', 'dead');

GRANT USAGE ON SCHEMA webhooks TO corridor_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks.readers, webhooks.deliveries TO corridor_app;
