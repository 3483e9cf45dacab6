-- name: take_turn
-- One runner a corridor at a time, and none while a rebuild switches the tables; both are let go of at the end of the transaction.
SELECT pg_advisory_xact_lock_shared(hashtextextended('corridor projections switch', 0)),
       pg_advisory_xact_lock(hashtextextended('corridor projections ' || %(tracking)s || ' ' || %(corridor)s, 0));

-- name: load_accounts
-- Where the accounts of a corridor stand: few, so all of them.
SELECT * FROM projections.balances WHERE corridor = %(corridor)s;

-- name: load_alerts
-- Alerts that have not ended.
SELECT * FROM projections.alerts WHERE corridor = %(corridor)s AND ended_boundary IS NULL;

-- name: load_transfers
-- The transfers that a page goes on with.
SELECT * FROM projections.transfers WHERE corridor = %(corridor)s AND uetr = ANY (%(keys)s::uuid[]);

-- name: load_cycles
-- The cycles that a page goes on with.
SELECT * FROM projections.cycles WHERE corridor = %(corridor)s AND stream = ANY (%(keys)s::uuid[]);

-- name: load_movements
-- The movements that a page goes on with.
SELECT * FROM projections.movements WHERE corridor = %(corridor)s AND stream = ANY (%(keys)s::uuid[]);

-- name: load_breaks
-- The breaks that a page goes on with.
SELECT * FROM projections.breaks WHERE corridor = %(corridor)s AND stream = ANY (%(keys)s::uuid[]);

-- name: load_cases
-- The cases that a page goes on with.
SELECT * FROM projections.cases WHERE corridor = %(corridor)s AND stream = ANY (%(keys)s::uuid[]);

-- name: load_base_currencies
-- In which currency each participant quotes its rates.
SELECT DISTINCT participant, base_currency FROM projections.rate_sheets WHERE corridor = %(corridor)s;

-- name: write_accounts
-- Each account once a page, updated in place.
INSERT INTO projections.balances AS old
SELECT * FROM jsonb_populate_recordset(NULL::projections.balances, %(rows)s::jsonb)
ON CONFLICT (corridor, account) DO UPDATE
SET (floor, status, balance, below_floor, boundary, recorded_at)
    = (excluded.floor, excluded.status, excluded.balance, excluded.below_floor, excluded.boundary, excluded.recorded_at);

-- name: write_alerts
-- Alerts raised, and their ends.
INSERT INTO projections.alerts AS old
SELECT * FROM jsonb_populate_recordset(NULL::projections.alerts, %(rows)s::jsonb)
ON CONFLICT (corridor, account, raised_boundary) DO UPDATE
SET (ended_at, ended_boundary) = (excluded.ended_at, excluded.ended_boundary);

-- name: write_cycles
-- Cycles closed and settled.
INSERT INTO projections.cycles AS old
SELECT * FROM jsonb_populate_recordset(NULL::projections.cycles, %(rows)s::jsonb)
ON CONFLICT (corridor, number) DO UPDATE
SET (state, settled_at, last_position) = (excluded.state, excluded.settled_at, excluded.last_position);

-- name: write_cycle_payments
-- Payments of cycles, confirmed.
INSERT INTO projections.cycle_payments
SELECT * FROM jsonb_populate_recordset(NULL::projections.cycle_payments, %(rows)s::jsonb);

-- name: write_movements
-- Movements reported, and withdrawals paid.
INSERT INTO projections.movements AS old
SELECT * FROM jsonb_populate_recordset(NULL::projections.movements, %(rows)s::jsonb)
ON CONFLICT (corridor, reference) DO UPDATE
SET (state, bank_reference, paid_at) = (excluded.state, excluded.bank_reference, excluded.paid_at);

-- name: write_breaks
-- Breaks found, parked and resolved.
INSERT INTO projections.breaks AS old
SELECT * FROM jsonb_populate_recordset(NULL::projections.breaks, %(rows)s::jsonb)
ON CONFLICT (corridor, break_id) DO UPDATE
SET (state, proposal, proposed_by, parked_by, resolved_by, to_account, explanation, parked_at, resolved_at, last_position)
    = (excluded.state, excluded.proposal, excluded.proposed_by, excluded.parked_by, excluded.resolved_by, excluded.to_account,
       excluded.explanation, excluded.parked_at, excluded.resolved_at, excluded.last_position);

-- name: write_cases
-- Cases opened, opinions and decisions.
INSERT INTO projections.cases AS old
SELECT * FROM jsonb_populate_recordset(NULL::projections.cases, %(rows)s::jsonb)
ON CONFLICT (corridor, "case") DO UPDATE
SET (opinions, outcome, officers, decided_at, last_position)
    = (excluded.opinions, excluded.outcome, excluded.officers, excluded.decided_at, excluded.last_position);

-- name: write_rate_sheets
-- Rates published.
INSERT INTO projections.rate_sheets
SELECT * FROM jsonb_populate_recordset(NULL::projections.rate_sheets, %(rows)s::jsonb);

-- name: forget_transfers
-- Transfers about to be written again as they stand after the page.
DELETE FROM projections.transfers WHERE corridor = %(corridor)s AND uetr = ANY (%(keys)s::uuid[]);

-- name: copy_transfers
-- Transfers as they stand after the page.
COPY projections.transfers (
    corridor, uetr, state, debtor_agent, creditor_agent, product, payout_method, purpose, charge_bearer, debtor, creditor, quote,
    debtor_currency, settlement_currency, creditor_currency, instructed, fee, settlement, remuneration, payout, creditor_fee,
    paid_to_creditor, debtor_rate, creditor_rate, debtor_sheet, creditor_sheet, valid_until, condition, condition_met, collect_until,
    frozen, held_or_frozen_by, unanswered_since, ended_by, reason, refund_cause, refunded_to_debtor, returned_payout,
    returned_settlement, returned_instructed, recalls, initiated_at, funded_at, dispatched_at, paid_at, paid_boundary, updated_at,
    first_position, last_position, boundary
) FROM STDIN;

-- name: copy_balance_history
-- One row for each account a commit touched.
COPY projections.balance_history (
    corridor, account, boundary, recorded_at, currency, normal_side, floor, status, balance
) FROM STDIN;

-- name: copy_journal_lines
-- The lines of all accounts.
COPY projections.journal_lines (
    corridor, account, position, boundary, recorded_at, currency, line_no, amount, entry, reference, command, booking_date, value_date
) FROM STDIN (FORMAT binary);

-- name: copy_audit_trail
-- Every decided event.
COPY projections.audit_trail (
    corridor, subject, position, boundary, recorded_at, topic, actor, command, cause, terms, rules, facts
) FROM STDIN (FORMAT binary);

-- name: copy_feed
-- What participants are to act upon.
COPY projections.feed (
    corridor, position, boundary, recorded_at, kind, uetr, debtor_agent, creditor_agent
) FROM STDIN (FORMAT binary);

-- name: begin_rebuild
-- One rebuild of a database at a time; false when another one runs.
SELECT pg_try_advisory_lock(hashtextextended('corridor projections rebuild', 0));

-- name: end_rebuild
-- Lets the next rebuild begin.
SELECT pg_advisory_unlock(hashtextextended('corridor projections rebuild', 0));

-- name: create_next
-- Empty tables beside the live ones, with all that LIKE copies and what it does not: storage parameters, grants, row security.
DO $$
DECLARE
    live text;
    next text;
    found record;
BEGIN
    FOREACH live IN ARRAY %(tables)s::text[] LOOP
        next := live || '__next';
        EXECUTE format('DROP TABLE IF EXISTS projections.%%I', next);
        EXECUTE format('CREATE TABLE projections.%%I (LIKE projections.%%I INCLUDING ALL)', next, live);
        SELECT * INTO found FROM pg_class WHERE oid = format('projections.%%I', live)::regclass;
        IF found.reloptions IS NOT NULL THEN
            EXECUTE format('ALTER TABLE projections.%%I SET (%%s)', next, array_to_string(found.reloptions, ', '));
        END IF;
        IF found.relrowsecurity THEN
            EXECUTE format('ALTER TABLE projections.%%I ENABLE ROW LEVEL SECURITY', next);
        END IF;
        FOR found IN
            SELECT granted.privilege_type AS privilege,
                   CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(granted.grantee)) END AS grantee
            FROM pg_class CROSS JOIN LATERAL aclexplode(relacl) AS granted
            WHERE oid = format('projections.%%I', live)::regclass AND granted.grantee <> relowner
        LOOP
            EXECUTE format('GRANT %%s ON projections.%%I TO %%s', found.privilege, next, found.grantee);
        END LOOP;
        FOR found IN SELECT * FROM pg_policies WHERE schemaname = 'projections' AND tablename = live LOOP
            EXECUTE format(
                'CREATE POLICY %%I ON projections.%%I AS %%s FOR %%s TO %%s %%s %%s', found.policyname, next, found.permissive, found.cmd,
                array_to_string(found.roles, ', '), 'USING (' || found.qual || ')', 'WITH CHECK (' || found.with_check || ')');
        END LOOP;
    END LOOP;
END
$$;

-- name: stop_others
-- Nobody projects and nobody reads from here to the end of the transaction; a reader who takes too long is not waited for.
SET LOCAL lock_timeout = '2s';
SELECT pg_advisory_xact_lock(hashtextextended('corridor projections switch', 0));

-- name: switch
-- The live tables go, those beside them take their names, and their indexes take the names of those that went.
LOCK TABLE projections.balances IN ACCESS EXCLUSIVE MODE;
DO $$
DECLARE
    live text;
    named jsonb;
    index record;
BEGIN
    FOREACH live IN ARRAY %(tables)s::text[] LOOP
        SELECT jsonb_object_agg(regexp_replace(indexdef, 'INDEX \S+ ON \S+ ', ''), indexname) INTO named
        FROM pg_indexes WHERE schemaname = 'projections' AND tablename = live;
        EXECUTE format('DROP TABLE projections.%%I', live);
        EXECUTE format('ALTER TABLE projections.%%I RENAME TO %%I', live || '__next', live);
        FOR index IN SELECT * FROM pg_indexes WHERE schemaname = 'projections' AND tablename = live LOOP
            EXECUTE format(
                'ALTER INDEX projections.%%I RENAME TO %%I', index.indexname,
                named ->> regexp_replace(index.indexdef, 'INDEX \S+ ON \S+ ', ''));
        END LOOP;
    END LOOP;
END
$$;

-- name: drop_next
-- What a rebuild that failed leaves behind.
DO $$
DECLARE
    live text;
BEGIN
    FOREACH live IN ARRAY %(tables)s::text[] LOOP
        EXECUTE format('DROP TABLE IF EXISTS projections.%%I', live || '__next');
    END LOOP;
END
$$;

-- name: hold_tables
-- Keeps this set of tables in place until the transaction ends. LOCK takes no snapshot, so what follows sees what this waited for.
LOCK TABLE projections.balances IN ACCESS SHARE MODE;

-- name: read_as_partner
-- From here to the end of the transaction the database shows only what is one partner's.
SELECT set_config('corridor.code', %(corridor)s, true), set_config('corridor.partner', %(partner)s, true),
       set_config('role', 'corridor_partner', true);

-- name: balances
-- Every account as it stands.
SELECT account, currency, normal_side, balance, floor, status, boundary, recorded_at
FROM projections.balances
WHERE corridor = %(corridor)s
ORDER BY account;

-- name: balances_at
-- Every account as it stood at a boundary: its last row up to there.
SELECT past.account, past.currency, past.normal_side, past.balance, past.floor, past.status, past.boundary, past.recorded_at
FROM projections.balances AS account_now
CROSS JOIN LATERAL (
    SELECT * FROM projections.balance_history
    WHERE corridor = account_now.corridor AND account = account_now.account AND boundary <= %(boundary)s
    ORDER BY boundary DESC
    LIMIT 1
) AS past
WHERE account_now.corridor = %(corridor)s
ORDER BY past.account;

-- name: balance_at
-- One account as it stood at a boundary.
SELECT account, currency, normal_side, balance, floor, status, boundary, recorded_at
FROM projections.balance_history
WHERE corridor = %(corridor)s AND account = %(account)s AND boundary <= %(boundary)s
ORDER BY boundary DESC
LIMIT 1;

-- name: in_flight
-- How many transfers are in flight, and how many wait before funding and for how much of the settlement currency.
SELECT count(*) FILTER (WHERE state IN ('funded', 'dispatched', 'accepted')),
       count(*) FILTER (WHERE state IN ('initiated', 'held', 'cleared')),
       coalesce(sum(settlement) FILTER (WHERE state IN ('initiated', 'held', 'cleared')), 0)::bigint
FROM projections.transfers
WHERE corridor = %(corridor)s AND state IN ('initiated', 'held', 'cleared', 'funded', 'dispatched', 'accepted');

-- name: lines
-- Lines of an account in log order, after a line already seen.
SELECT position, line_no, boundary, recorded_at, account, currency, entry, reference, command, amount, booking_date, value_date
FROM projections.journal_lines
WHERE corridor = %(corridor)s AND account = %(account)s AND (position, line_no) > (%(after_position)s, %(after_line)s)
      AND boundary <= %(boundary)s
ORDER BY position, line_no
LIMIT %(size)s;

-- name: lines_of
-- Lines of everything booked for one transfer, cycle, movement or break.
SELECT position, line_no, boundary, recorded_at, account, currency, entry, reference, command, amount, booking_date, value_date
FROM projections.journal_lines
WHERE corridor = %(corridor)s AND reference = %(reference)s
ORDER BY position, line_no;

-- name: transfer
-- One transfer as it stands; it is settled when its payout lies in a settled cycle.
SELECT transfer.*, EXISTS (
    SELECT FROM projections.cycles AS cycle
    WHERE cycle.corridor = transfer.corridor AND cycle.settled_at IS NOT NULL
          AND transfer.paid_boundary > cycle.from_boundary AND transfer.paid_boundary <= cycle.to_boundary
) AS settled
FROM projections.transfers AS transfer
WHERE corridor = %(corridor)s AND uetr = %(uetr)s;

-- name: transfers
-- Transfers in the order of their initiation, after one already seen.
SELECT transfer.*, EXISTS (
    SELECT FROM projections.cycles AS cycle
    WHERE cycle.corridor = transfer.corridor AND cycle.settled_at IS NOT NULL
          AND transfer.paid_boundary > cycle.from_boundary AND transfer.paid_boundary <= cycle.to_boundary
) AS settled
FROM projections.transfers AS transfer
WHERE corridor = %(corridor)s AND first_position > %(after)s
      AND (%(states)s::text[] IS NULL OR state = ANY (%(states)s::text[]))
      AND (%(agent)s::text IS NULL OR %(agent)s::text IN (debtor_agent, creditor_agent))
ORDER BY first_position
LIMIT %(size)s;

-- name: transfers_backwards
-- The same from the newest on, before one already seen.
SELECT transfer.*, EXISTS (
    SELECT FROM projections.cycles AS cycle
    WHERE cycle.corridor = transfer.corridor AND cycle.settled_at IS NOT NULL
          AND transfer.paid_boundary > cycle.from_boundary AND transfer.paid_boundary <= cycle.to_boundary
) AS settled
FROM projections.transfers AS transfer
WHERE corridor = %(corridor)s AND first_position < %(before)s
      AND (%(states)s::text[] IS NULL OR state = ANY (%(states)s::text[]))
      AND (%(agent)s::text IS NULL OR %(agent)s::text IN (debtor_agent, creditor_agent))
ORDER BY first_position DESC
LIMIT %(size)s;

-- name: transfers_past_deadline
-- Cash nobody collected and conditions nobody met, whose time is over.
SELECT transfer.*, false AS settled
FROM projections.transfers AS transfer
WHERE corridor = %(corridor)s AND NOT frozen AND unanswered_since IS NULL
      AND (state = 'accepted' AND collect_until < %(instant)s
           OR state = 'funded' AND NOT condition_met AND (condition ->> 'deadline')::timestamptz < %(instant)s)
ORDER BY first_position;

-- name: transfers_silent
-- Transfers dispatched before an instant to a partner who has said nothing since.
SELECT transfer.*, false AS settled
FROM projections.transfers AS transfer
WHERE corridor = %(corridor)s AND state = 'dispatched' AND unanswered_since IS NULL AND dispatched_at < %(instant)s
ORDER BY first_position;

-- name: transfers_unknown
-- Transfers flagged unknown.
SELECT transfer.*, false AS settled
FROM projections.transfers AS transfer
WHERE corridor = %(corridor)s AND state IN ('dispatched', 'accepted') AND unanswered_since IS NOT NULL
ORDER BY first_position;

-- name: transfer_totals
-- How many transfers stand in each state, and for how much of the settlement currency.
SELECT state, count(*), sum(settlement)::bigint
FROM projections.transfers
WHERE corridor = %(corridor)s
GROUP BY state
ORDER BY state;

-- name: trail_of_transfer
-- Every decided event about one transfer: its own, its quote's, its cases', its breaks', and who was shown its parties.
-- OFFSET 0 keeps the look-up one by its whole key: without statistics of a young corridor the planner would go through all of its trail.
SELECT trail.position, trail.boundary, trail.recorded_at, trail.topic, trail.subject, trail.actor, trail.command, trail.cause,
       trail.terms, trail.rules, trail.facts
FROM (
    SELECT %(uetr)s::uuid AS subject
    UNION
    SELECT quote FROM projections.transfers WHERE corridor = %(corridor)s AND uetr = %(uetr)s AND quote IS NOT NULL
    UNION
    SELECT stream FROM projections.cases WHERE corridor = %(corridor)s AND uetr = %(uetr)s
    UNION
    SELECT stream FROM projections.breaks WHERE corridor = %(corridor)s AND reference = %(uetr)s::text
    UNION
    SELECT subject FROM projections.audit_trail
     WHERE corridor = %(corridor)s AND topic = 'PersonalData.Read.v1' AND facts ->> 'uetr' = %(uetr)s::text
) AS about
CROSS JOIN LATERAL (
    SELECT * FROM projections.audit_trail WHERE corridor = %(corridor)s AND subject = about.subject OFFSET 0
) AS trail
ORDER BY trail.position;

-- name: erased_subjects
-- Whom the log says were erased, by two officers or because their time had come.
SELECT (facts ->> 'subject')::uuid
FROM projections.audit_trail
WHERE corridor = %(corridor)s AND topic = 'Person.Erased.v1'
UNION ALL
SELECT named.id::uuid
FROM projections.audit_trail CROSS JOIN LATERAL jsonb_array_elements_text(facts -> 'subjects') AS named (id)
WHERE corridor = %(corridor)s AND topic = 'Retention.Ended.v1';

-- name: erased_people
-- Whom two officers erased.
SELECT (facts ->> 'subject')::uuid
FROM projections.audit_trail
WHERE corridor = %(corridor)s AND topic = 'Person.Erased.v1'
ORDER BY position;

-- name: transfers_of_people
-- The transfers whose debtor or creditor is one of these subjects.
SELECT uetr
FROM projections.transfers
WHERE corridor = %(corridor)s AND (debtor = ANY (%(subjects)s::uuid[]) OR creditor = ANY (%(subjects)s::uuid[]))
ORDER BY first_position;

-- name: causes_about_transfers
-- Who asked, and for which cause, for what happened to these transfers, to their cases and to their breaks.
SELECT DISTINCT trail.actor, trail.cause
FROM (
    SELECT uetr AS subject FROM unnest(%(uetrs)s::uuid[]) AS given (uetr)
    UNION
    SELECT stream FROM projections.cases WHERE corridor = %(corridor)s AND uetr = ANY (%(uetrs)s::uuid[])
    UNION
    SELECT stream FROM projections.breaks WHERE corridor = %(corridor)s AND reference = ANY (%(uetrs)s::text[])
) AS about
CROSS JOIN LATERAL (
    SELECT actor, cause FROM projections.audit_trail WHERE corridor = %(corridor)s AND subject = about.subject OFFSET 0
) AS trail
WHERE trail.cause <> '';

-- name: trail_of_stream
-- Every decided event of one stream.
SELECT position, boundary, recorded_at, topic, subject, actor, command, cause, terms, rules, facts
FROM projections.audit_trail
WHERE corridor = %(corridor)s AND subject = %(subject)s
ORDER BY position;

-- name: cycles
-- Settlement cycles after a number already seen.
SELECT number, state, currency, from_boundary, to_boundary, positions, pay_ins, pay_outs, closed_at, settled_at, first_position,
       last_position
FROM projections.cycles
WHERE corridor = %(corridor)s AND number > %(after)s
ORDER BY number
LIMIT %(size)s;

-- name: cycle
-- One settlement cycle.
SELECT number, state, currency, from_boundary, to_boundary, positions, pay_ins, pay_outs, closed_at, settled_at, first_position,
       last_position
FROM projections.cycles
WHERE corridor = %(corridor)s AND number = %(number)s;

-- name: cycle_payments
-- Confirmed payments of some cycles.
SELECT cycle, direction, participant, currency, amount, bank_reference, confirmed_at, position
FROM projections.cycle_payments
WHERE corridor = %(corridor)s AND cycle = ANY (%(numbers)s::integer[])
ORDER BY position;

-- name: movements
-- Movements in log order, after one already seen.
SELECT reference, kind, participant, currency, amount, state, bank_reference, reported_at, paid_at, position, stream, expected_on
FROM projections.movements
WHERE corridor = %(corridor)s AND position > %(after)s
      AND (%(participant)s::text IS NULL OR participant = %(participant)s::text)
ORDER BY position
LIMIT %(size)s;

-- name: movement
-- One movement by the bank's reference.
SELECT reference, kind, participant, currency, amount, state, bank_reference, reported_at, paid_at, position, stream, expected_on
FROM projections.movements
WHERE corridor = %(corridor)s AND reference = %(reference)s;

-- name: breaks
-- Breaks in log order, after one already seen.
SELECT break_id, break_class, account, currency, difference, state, statement, reference, business_date, proposal, proposed_by, parked_by,
       resolved_by, to_account, explanation, found_at, parked_at, resolved_at, position, last_position, stream
FROM projections.breaks
WHERE corridor = %(corridor)s AND position > %(after)s AND (resolved_at IS NULL OR NOT %(only_open)s)
ORDER BY position
LIMIT %(size)s;

-- name: break
-- One break.
SELECT break_id, break_class, account, currency, difference, state, statement, reference, business_date, proposal, proposed_by, parked_by,
       resolved_by, to_account, explanation, found_at, parked_at, resolved_at, position, last_position, stream
FROM projections.breaks
WHERE corridor = %(corridor)s AND break_id = %(break_id)s;

-- name: cases
-- Compliance cases in log order, after one already seen.
SELECT "case", kind, uetr, opinions, outcome, officers, opened_at, decided_at, position, last_position, stream
FROM projections.cases
WHERE corridor = %(corridor)s AND position > %(after)s AND (outcome IS NULL OR NOT %(only_open)s)
ORDER BY position
LIMIT %(size)s;

-- name: case
-- One compliance case.
SELECT "case", kind, uetr, opinions, outcome, officers, opened_at, decided_at, position, last_position, stream
FROM projections.cases
WHERE corridor = %(corridor)s AND "case" = %(case)s;

-- name: rate_sheets
-- Rate sheets in the order of publication.
SELECT participant, sheet, base_currency, rates, valid_from, valid_until, source, published_at, position
FROM projections.rate_sheets
WHERE corridor = %(corridor)s AND (%(participant)s::text IS NULL OR participant = %(participant)s::text)
      AND (%(instant)s::timestamptz IS NULL OR valid_from <= %(instant)s::timestamptz AND %(instant)s::timestamptz < valid_until)
ORDER BY position;

-- name: feed
-- A participant's feed after a position already seen.
SELECT position, boundary, recorded_at, kind, uetr
FROM projections.feed
WHERE corridor = %(corridor)s AND %(participant)s IN (debtor_agent, creditor_agent) AND position > %(after)s
ORDER BY position
LIMIT %(size)s;

-- name: alerts
-- Accounts below their floor, and those that were.
SELECT account, currency, floor, balance, raised_at, raised_boundary, ended_at, ended_boundary
FROM projections.alerts
WHERE corridor = %(corridor)s AND (ended_boundary IS NULL OR NOT %(only_open)s)
ORDER BY raised_boundary, account;

-- name: statement_lines
-- Lines of a position account in log order, after a line already seen, with what each is known by. A credit is positive.
-- OFFSET 0 keeps the look-up of a transfer's cause one by its whole key.
SELECT line.position, line.line_no, line.recorded_at, line.entry, line.reference, -line.amount, line.booking_date, line.value_date,
       coalesce(initiated.cause, ''), coalesce(movement.reference, 'cycle ' || cycle.number, ''), coalesce(payment.bank_reference, '')
FROM (
    SELECT * FROM projections.journal_lines
    WHERE corridor = %(corridor)s AND account = %(account)s AND (position, line_no) > (%(after_position)s, %(after_line)s)
          AND position <= %(boundary)s
    ORDER BY position, line_no
    LIMIT %(size)s
) AS line
LEFT JOIN LATERAL (
    SELECT trail.cause
    FROM (SELECT * FROM projections.audit_trail WHERE corridor = %(corridor)s AND subject = line.reference OFFSET 0) AS trail
    WHERE trail.topic = 'Transfer.Initiated.v1'
    LIMIT 1
) AS initiated ON true
LEFT JOIN projections.movements AS movement ON movement.corridor = %(corridor)s AND movement.stream = line.reference
LEFT JOIN projections.cycles AS cycle ON cycle.corridor = %(corridor)s AND cycle.stream = line.reference
LEFT JOIN projections.cycle_payments AS payment ON payment.corridor = %(corridor)s AND payment.cycle = cycle.number
    AND payment.direction = line.entry AND payment.participant = %(owner)s
ORDER BY line.position, line.line_no;

-- name: statement_totals
-- How many lines of an account between two boundaries are credits and debits, and what they come to.
SELECT count(*) FILTER (WHERE amount < 0), coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::bigint,
       count(*) FILTER (WHERE amount > 0), coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint
FROM projections.journal_lines
WHERE corridor = %(corridor)s AND account = %(account)s AND position > %(after)s AND position <= %(boundary)s;

-- name: statement_cut
-- The boundary at which an interval has so many lines, if it has more.
SELECT (
    SELECT boundary FROM projections.journal_lines
    WHERE corridor = %(corridor)s AND account = %(account)s AND position > %(after)s AND position <= %(boundary)s
    ORDER BY position, line_no
    OFFSET %(size)s LIMIT 1
);

-- name: account_opened_at
-- When an account was first touched.
SELECT min(recorded_at) FROM projections.balance_history WHERE corridor = %(corridor)s AND account = %(account)s;
