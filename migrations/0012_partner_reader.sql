-- The second wall between the banks: reads on behalf of one partner act as corridor_partner, and row-level security shows that role
-- only this partner's own legs, accounts and movements in one corridor, whatever the statement asks for. The first wall is the API.
-- The role belongs to the whole cluster, so `migrate` makes it before the first migration of any database. It has no right on the log.
--
-- Who reads is said per transaction: `corridor.code` (the corridor) and `corridor.partner` (the participant, or bank:settlement). Unset, nothing shows.
-- Policies ask through functions, since a rebuild replaces the tables: a function finds a table by its name, a policy holds on to it.

CREATE FUNCTION projections.reader() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT current_setting('corridor.partner', true)
$$;

-- An account is `owner:kind:currency`. A bank sees its own accounts and the corridor's; the settlement bank those that mirror its books.
CREATE FUNCTION projections.reader_sees_account(account text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN projections.reader() = 'bank:settlement' THEN split_part(account, ':', 2) IN ('settlement_bank', 'settling')
        ELSE split_part(account, ':', 1) IN (projections.reader(), 'corridor')
    END
$$;

-- Whether a stream is one of the reader's transfers, a quote that one of them used, or a break on an account it sees.
-- Inside, row-level security holds as well: what the reader may not see is not found.
CREATE FUNCTION projections.reader_sees_stream(code text, stream_asked uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM projections.transfers WHERE corridor = code AND uetr = stream_asked)
        OR EXISTS (SELECT FROM projections.transfers WHERE corridor = code AND quote = stream_asked)
        OR EXISTS (SELECT FROM projections.breaks WHERE corridor = code AND stream = stream_asked)
$$;
CREATE INDEX transfers_by_quote ON projections.transfers (corridor, quote) WHERE quote IS NOT NULL;

DO $$
DECLARE
    own_account CONSTANT text := 'projections.reader_sees_account(account)';
    seen CONSTANT jsonb := jsonb_build_object(
        'balances', own_account,
        'balance_history', own_account,
        'alerts', own_account,
        'journal_lines', own_account,
        'breaks', own_account,
        'transfers', 'projections.reader() IN (debtor_agent, creditor_agent)',
        'audit_trail', 'topic !~ ''^(Transfer\.(Held|Cleared|Frozen|FreezeLifted)|ComplianceCase)\.'''
            || ' AND (NOT facts ? ''account'' OR projections.reader_sees_account(facts ->> ''account''))'
            || ' AND projections.reader_sees_stream(corridor, subject)',
        'cycles', 'true',
        'cycle_payments', 'true',
        'rate_sheets', 'true',
        'movements', 'projections.reader() IN (participant, ''bank:settlement'')',
        'cases', 'false',
        'feed', 'participant = projections.reader()'
    );
    read_by_partners text;
    condition text;
BEGIN
    FOR read_by_partners, condition IN SELECT * FROM jsonb_each_text(seen) LOOP
        EXECUTE format('ALTER TABLE projections.%I ENABLE ROW LEVEL SECURITY', read_by_partners);
        EXECUTE format('GRANT SELECT ON projections.%I TO corridor_partner', read_by_partners);
        EXECUTE format(
            'CREATE POLICY own_legs ON projections.%I FOR SELECT TO corridor_partner USING (corridor = current_setting(''corridor.code'', true) AND %s)',
            read_by_partners, condition);
    END LOOP;
END
$$;
GRANT USAGE ON SCHEMA projections TO corridor_partner;
