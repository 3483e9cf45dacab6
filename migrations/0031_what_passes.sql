-- The job that ends what is kept no longer takes the bytes of old statement files; the digest, and what was read from them, stay.
GRANT UPDATE (body) ON reconciliation.files TO corridor_app;
GRANT DELETE ON access.nonces TO corridor_app;

-- Whose retention ended is asked transfer by transfer.
CREATE INDEX audit_trail_retention ON projections.audit_trail (corridor, (facts ->> 'uetr')) WHERE topic = 'Retention.Ended.v1';
