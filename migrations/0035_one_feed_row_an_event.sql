-- One row of the feed an event, with whom it is told to, instead of one a participant: the debtor agent hears of all there is, the
-- creditor agent of what it is named in. Its key grows at its end only, and each participant's feed is still read in the log's order.
-- See docs/decisions/0039.
CREATE TABLE projections.feed_by_event (
    corridor       text COLLATE "C" NOT NULL,
    position       bigint NOT NULL,
    boundary       bigint NOT NULL,
    recorded_at    timestamptz NOT NULL,
    kind           text NOT NULL,
    uetr           uuid NOT NULL,
    debtor_agent   text COLLATE "C" NOT NULL,
    creditor_agent text COLLATE "C",
    PRIMARY KEY (corridor, position)
);
INSERT INTO projections.feed_by_event
SELECT told.corridor, told.position, told.boundary, told.recorded_at, told.kind, told.uetr, transfer.debtor_agent,
       max(told.participant) FILTER (WHERE told.participant = transfer.creditor_agent)
FROM projections.feed AS told
JOIN projections.transfers AS transfer USING (corridor, uetr)
GROUP BY told.corridor, told.position, told.boundary, told.recorded_at, told.kind, told.uetr, transfer.debtor_agent
ORDER BY told.corridor, told.position;

DROP TABLE projections.feed;
ALTER TABLE projections.feed_by_event RENAME TO feed;
ALTER INDEX projections.feed_by_event_pkey RENAME TO feed_pkey;

ALTER TABLE projections.feed ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON projections.feed TO corridor_partner;
CREATE POLICY own_legs ON projections.feed FOR SELECT TO corridor_partner
    USING (corridor = current_setting('corridor.code', true) AND projections.reader() IN (debtor_agent, creditor_agent));
ALTER TABLE projections.feed OWNER TO corridor_app;
