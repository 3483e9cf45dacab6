-- name: begin_reading
-- A participant that was not told anything so far is told from now on; what came before is in its feed.
INSERT INTO webhooks.readers (corridor, participant, position)
SELECT %(corridor)s, %(participant)s, coalesce(max(position), 0) FROM projections.feed
WHERE corridor = %(corridor)s
      AND NOT EXISTS (SELECT FROM webhooks.readers WHERE corridor = %(corridor)s AND participant = %(participant)s)
ON CONFLICT (corridor, participant) DO NOTHING;

-- name: queue_feed
-- Goes through the next entries of the feed and queues those of a participant; how many of either. What was gone through is not looked
-- at again, so a bank that hears of little costs no more than one that hears of all.
WITH reader AS (
    SELECT position FROM webhooks.readers WHERE corridor = %(corridor)s AND participant = %(participant)s FOR UPDATE
), entry AS (
    SELECT feed.* FROM projections.feed AS feed, reader
    WHERE feed.corridor = %(corridor)s AND feed.position > reader.position
    ORDER BY feed.position
    LIMIT %(size)s
), queued AS (
    INSERT INTO webhooks.deliveries (corridor, participant, position, recorded_at, kind, uetr, due_at)
    SELECT corridor, %(participant)s, position, recorded_at, kind, uetr, %(now)s FROM entry
    WHERE %(participant)s IN (debtor_agent, creditor_agent)
    RETURNING position
), moved AS (
    UPDATE webhooks.readers SET position = (SELECT max(position) FROM entry)
    WHERE corridor = %(corridor)s AND participant = %(participant)s AND EXISTS (SELECT FROM entry)
)
SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM queued);

-- name: claim
-- Entries that are due and whose transfer has nothing older that was not told yet. The claim ends by itself.
UPDATE webhooks.deliveries AS claimed
SET claimed_until = %(until)s, attempts = claimed.attempts + 1
FROM (
    SELECT corridor, participant, position FROM webhooks.deliveries AS due
    WHERE state = 'due' AND due_at <= %(now)s AND (claimed_until IS NULL OR claimed_until <= %(now)s)
          AND corridor || ' ' || participant = ANY (%(readers)s::text[])
          AND NOT EXISTS (
              SELECT FROM webhooks.deliveries AS before
              WHERE before.corridor = due.corridor AND before.participant = due.participant AND before.uetr = due.uetr
                    AND before.position < due.position AND before.state IN ('due', 'dead')
          )
    ORDER BY due_at, position
    LIMIT %(size)s
    FOR UPDATE SKIP LOCKED
) AS free
WHERE claimed.corridor = free.corridor AND claimed.participant = free.participant AND claimed.position = free.position
RETURNING claimed.corridor, claimed.participant, claimed.position, claimed.recorded_at, claimed.kind, claimed.uetr, claimed.state,
          claimed.attempts, claimed.due_at, claimed.last_status, claimed.last_error, claimed.ended_at;

-- name: delivered
-- The bank took it.
UPDATE webhooks.deliveries
SET state = 'delivered', claimed_until = NULL, last_status = %(status)s, last_error = '', ended_at = %(now)s
WHERE corridor = %(corridor)s AND participant = %(participant)s AND position = %(position)s AND state = 'due';

-- name: failed
-- The bank did not take it: again at `due_at`, or given up when that is null.
UPDATE webhooks.deliveries
SET state = CASE WHEN %(due_at)s::timestamptz IS NULL THEN 'dead' ELSE 'due' END, due_at = coalesce(%(due_at)s::timestamptz, due_at),
    claimed_until = NULL, last_status = %(status)s, last_error = %(error)s,
    ended_at = CASE WHEN %(due_at)s::timestamptz IS NULL THEN %(now)s::timestamptz END
WHERE corridor = %(corridor)s AND participant = %(participant)s AND position = %(position)s AND state = 'due';

-- name: deliveries
-- The queue as people look at it, newest last.
SELECT corridor, participant, position, recorded_at, kind, uetr, state, attempts, due_at, last_status, last_error, ended_at
FROM webhooks.deliveries
WHERE corridor = %(corridor)s AND state = ANY (%(states)s::text[]) AND (%(participant)s::text IS NULL OR participant = %(participant)s::text)
ORDER BY position, participant
LIMIT %(size)s;

-- name: resend
-- A person wants it tried again now, with as many attempts as a new one.
UPDATE webhooks.deliveries
SET state = 'due', attempts = 0, due_at = %(now)s, claimed_until = NULL, ended_at = NULL
WHERE corridor = %(corridor)s AND participant = %(participant)s AND position = %(position)s
RETURNING position;

-- name: dismiss
-- A person says that it need not be told; what is younger of the same transfer may go on.
UPDATE webhooks.deliveries
SET state = 'dismissed', claimed_until = NULL, ended_at = %(now)s
WHERE corridor = %(corridor)s AND participant = %(participant)s AND position = %(position)s AND state IN ('due', 'dead')
RETURNING position;

-- name: forget
-- What ended long ago.
DELETE FROM webhooks.deliveries WHERE state IN ('delivered', 'dismissed') AND ended_at < %(before)s;
