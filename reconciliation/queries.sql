-- name: take_turn
-- One night job a corridor at a time: true when the turn is ours.
SELECT pg_try_advisory_lock(hashtextextended('corridor nightly ' || %(corridor)s, 0));

-- name: wait_for_turn
-- Waits until the other night job of this corridor has ended, however long it takes.
SET lock_timeout = 0;
SELECT pg_advisory_lock(hashtextextended('corridor nightly ' || %(corridor)s, 0));

-- name: end_turn
-- Lets the next night job in.
RESET lock_timeout;
SELECT pg_advisory_unlock(hashtextextended('corridor nightly ' || %(corridor)s, 0));

-- name: known_statements
-- The content of statements received before.
SELECT account, statement, digest FROM reconciliation.statements
WHERE corridor = %(corridor)s AND statement = ANY (%(statements)s);

-- name: file_is_kept
-- Whether a file is there.
SELECT EXISTS (SELECT FROM reconciliation.files WHERE corridor = %(corridor)s AND digest = %(digest)s);

-- name: copy_file
-- Keeps a file as it came.
COPY reconciliation.files (corridor, digest, received_at, body) FROM STDIN (FORMAT binary);

-- name: insert_statement
-- Keeps what a statement says of itself.
INSERT INTO reconciliation.statements
    (corridor, account, statement, digest, file, first_day, last_day, opening, closing, line_count, received_at)
VALUES (%(corridor)s, %(account)s, %(statement)s, %(digest)s, %(file)s, %(first_day)s, %(last_day)s, %(opening)s, %(closing)s,
        %(line_count)s, %(received_at)s)
ON CONFLICT DO NOTHING;

-- name: night
-- A night that began before.
SELECT night, business_date, boundary, figures FROM reconciliation.nights WHERE corridor = %(corridor)s AND night = %(night)s;

-- name: insert_night
-- Fixes what a night looks at before it begins.
INSERT INTO reconciliation.nights (corridor, night, business_date, boundary, figures, started_at)
VALUES (%(corridor)s, %(night)s, %(business_date)s, %(boundary)s, %(figures)s, %(started_at)s);

-- name: reconciled_before
-- How the account was left by the newest statement before this one: one that ended before its days, or closed as it opens.
SELECT boundary, last_day, closing, remainder, open_lines FROM reconciliation.reconciled
WHERE corridor = %(corridor)s AND account = %(account)s AND last_day < %(last_day)s
      AND (last_day < %(first_day)s OR closing = %(opening)s)
ORDER BY last_day DESC, boundary DESC, night DESC, statement DESC
LIMIT 1;

-- name: insert_reconciled
-- How a statement left its account.
INSERT INTO reconciliation.reconciled (corridor, account, statement, night, boundary, last_day, closing, remainder, open_lines)
VALUES (%(corridor)s, %(account)s, %(statement)s, %(night)s, %(boundary)s, %(last_day)s, %(closing)s, %(remainder)s, %(open_lines)s);

-- name: insert_report
-- Keeps a report.
INSERT INTO reconciliation.reports (corridor, night, business_date, boundary, document, written_at)
VALUES (%(corridor)s, %(night)s, %(business_date)s, %(boundary)s, %(document)s, %(written_at)s);

-- name: report
-- A report as it was written.
SELECT document FROM reconciliation.reports WHERE corridor = %(corridor)s AND night = %(night)s;

-- name: reports
-- All reports, the newest first.
SELECT night, business_date, boundary, written_at FROM reconciliation.reports
WHERE corridor = %(corridor)s
ORDER BY business_date DESC, boundary DESC, night;

-- name: stay
-- Lets a transaction that only reads stay open while a large statement is matched.
SET LOCAL idle_in_transaction_session_timeout = 0;

-- name: share_snapshot
-- What another session needs to see exactly what this transaction sees.
SELECT pg_export_snapshot();

-- name: see_snapshot
-- Looks through another session's snapshot.
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET TRANSACTION SNAPSHOT %(snapshot)s;

-- name: one_by_one
-- Whether an index may lead to rows one by one. A day's lines are better read through, and without statistics of a young corridor the planner
-- does not know.
SET LOCAL enable_indexscan = %(allowed)s;

-- name: copy_expected
-- The ledger's lines of an account up to a boundary that are booked in a span of days, or on an earlier day and not seen before: what each
-- belongs to, its amount, and whether it is a transfer's own.
COPY (
    SELECT reference, amount, booking_date, position, entry = ANY (%(of_transfers)s)
    FROM projections.journal_lines
    WHERE corridor = %(corridor)s AND account = %(account)s AND position <= %(boundary)s
      AND (booking_date BETWEEN %(first_day)s AND %(last_day)s
           OR (booking_date <= %(seen_day)s AND position > %(seen)s))
) TO STDOUT (FORMAT binary);

-- name: expected
-- The ledger's lines of an account under some keys, up to a boundary, that are booked in a span of days, or on an earlier day and not seen
-- before; with the texts a bank may know them by, and the break they were booked for.
-- OFFSET 0 keeps each look-up one by its whole key: without statistics of a young corridor the planner would walk through all of its rows
-- for every line.
SELECT line.position, line.line_no, line.entry, line.reference, line.command, line.amount, line.booking_date, line.value_date,
       movement.reference, movement.bank_reference, trail.facts ->> 'bank_reference', known.break_id, known.reference
FROM (SELECT DISTINCT unnest(%(keys)s::uuid[]) AS key) AS wanted
CROSS JOIN LATERAL (
    SELECT * FROM projections.journal_lines WHERE corridor = %(corridor)s AND reference = wanted.key OFFSET 0
) AS line
LEFT JOIN LATERAL (
    SELECT reference, bank_reference FROM projections.movements WHERE corridor = line.corridor AND stream = line.reference OFFSET 0
) AS movement ON true
LEFT JOIN LATERAL (
    SELECT break_id, reference FROM projections.breaks WHERE corridor = line.corridor AND stream = line.reference OFFSET 0
) AS known ON true
LEFT JOIN LATERAL (
    SELECT facts FROM projections.audit_trail
    WHERE corridor = line.corridor AND subject = line.reference AND command = line.command AND facts ? 'bank_reference'
          AND line.entry IN ('pay_in', 'pay_out')
    OFFSET 0
) AS trail ON true
WHERE line.account = %(account)s AND line.position <= %(boundary)s
  AND (line.booking_date BETWEEN %(first_day)s AND %(last_day)s
       OR (line.booking_date <= %(seen_day)s AND line.position > %(seen)s))
ORDER BY line.position, line.line_no;

-- name: booked_under
-- What an account booked under the references of some statement lines up to a boundary, by the number the lines are asked by: under streams,
-- and under texts that a bank confirmed a movement or a cycle payment with. OFFSET 0 as above.
SELECT wanted.number, line.amount, line.booking_date
FROM (
    SELECT * FROM unnest(%(of_streams)s::integer[], %(streams)s::uuid[]) AS asked (number, reference)
    UNION
    SELECT asked.number, movement.stream
    FROM unnest(%(of_texts)s::integer[], %(texts)s::text[]) AS asked (number, text)
    JOIN projections.movements AS movement ON movement.corridor = %(corridor)s AND movement.bank_reference = asked.text
) AS wanted
CROSS JOIN LATERAL (
    SELECT * FROM projections.journal_lines WHERE corridor = %(corridor)s AND reference = wanted.reference OFFSET 0
) AS line
WHERE line.account = %(account)s AND line.position <= %(boundary)s
UNION ALL
SELECT asked.number, line.amount, line.booking_date
FROM unnest(%(of_texts)s::integer[], %(texts)s::text[]) AS asked (number, text)
JOIN projections.cycle_payments AS payment ON payment.corridor = %(corridor)s AND payment.bank_reference = asked.text
CROSS JOIN LATERAL (
    SELECT stream FROM projections.cycles WHERE corridor = payment.corridor AND number = payment.cycle OFFSET 0
) AS cycle
CROSS JOIN LATERAL (
    SELECT command FROM projections.audit_trail
    WHERE corridor = payment.corridor AND subject = cycle.stream AND position = payment.position
    OFFSET 0
) AS trail
CROSS JOIN LATERAL (
    SELECT * FROM projections.journal_lines WHERE corridor = payment.corridor AND reference = cycle.stream OFFSET 0
) AS line
WHERE line.account = %(account)s AND line.command = trail.command AND line.position <= %(boundary)s;

-- name: booked_later
-- What was booked on an account after a day, by day, up to a boundary.
SELECT booking_date, sum(amount)
FROM projections.journal_lines
WHERE corridor = %(corridor)s AND account = %(account)s AND position <= %(boundary)s AND booking_date > %(day)s
GROUP BY booking_date;

-- name: resolved_breaks
-- Which of some breaks two officers had resolved at a boundary: nothing follows a resolution, so it is the last event.
SELECT break_id FROM projections.breaks
WHERE corridor = %(corridor)s AND break_id = ANY (%(break_ids)s) AND resolved_at IS NOT NULL AND last_position <= %(boundary)s;

-- name: balance_breaks
-- The breaks in the balance of an account, which have no lines.
SELECT break_id FROM projections.breaks
WHERE corridor = %(corridor)s AND account = %(account)s AND break_class = 'balance_differs' AND position <= %(boundary)s;

-- name: moved
-- What an account booked between two days up to a boundary, by kind of entry.
SELECT entry, count(*), sum(amount)::bigint
FROM projections.journal_lines
WHERE corridor = %(corridor)s AND account = %(account)s AND position <= %(boundary)s
  AND booking_date BETWEEN %(first_day)s AND %(last_day)s
GROUP BY entry
ORDER BY entry;

-- name: open_moved
-- The lines of the same, handed over piece by piece.
DECLARE moved_lines NO SCROLL CURSOR FOR
SELECT entry, amount
FROM projections.journal_lines
WHERE corridor = %(corridor)s AND account = %(account)s AND position <= %(boundary)s
  AND booking_date BETWEEN %(first_day)s AND %(last_day)s;

-- name: next_moved
-- The next piece of them.
FETCH %(size)s FROM moved_lines;

-- name: close_moved
-- No more of them.
CLOSE moved_lines;

-- name: on_the_way
-- By debtor agent: transfers in flight, held before funding, and of unknown outcome; how many, and for how much of the settlement currency.
SELECT debtor_agent,
       count(*) FILTER (WHERE state IN ('funded', 'dispatched', 'accepted')),
       coalesce(sum(settlement) FILTER (WHERE state IN ('funded', 'dispatched', 'accepted')), 0)::bigint,
       count(*) FILTER (WHERE state IN ('initiated', 'held', 'cleared')),
       coalesce(sum(settlement) FILTER (WHERE state IN ('initiated', 'held', 'cleared')), 0)::bigint,
       count(*) FILTER (WHERE state IN ('dispatched', 'accepted') AND unanswered_since IS NOT NULL)
FROM projections.transfers
WHERE corridor = %(corridor)s AND state IN ('initiated', 'held', 'cleared', 'funded', 'dispatched', 'accepted')
GROUP BY debtor_agent
ORDER BY debtor_agent;
