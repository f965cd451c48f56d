-- A session has a set of factors, and serves for more than one purpose. Rows that an earlier
-- release wrote have one factor, in factor alone, and serve for their purpose.
ALTER TABLE core_session ADD COLUMN factors TEXT; -- words, in the order in which they were proven
ALTER TABLE core_session ADD COLUMN level TEXT;
ALTER TABLE core_session ADD COLUMN is_reached BIGINT NOT NULL DEFAULT 1; -- whether they are enough for purpose
ALTER TABLE core_session ADD COLUMN also_for TEXT; -- the purposes before, as JSON
ALTER TABLE core_session ADD COLUMN shared_contact BIGINT NOT NULL DEFAULT 0; -- whether several customers have a contact of them

-- When it was refused; whoever asks again under its key is told so.
ALTER TABLE core_approval ADD COLUMN refused_at BIGINT;

-- Who is verified now and for what, for the billing program. Neither token nor contact is in it.
CREATE OR REPLACE VIEW core_verified_now AS
SELECT s.customer_id, c.account_no, s.purpose AS purpose, s.factor, s.clerk, s.counter,
    to_timestamp(s.created_at / 1000.0) AT TIME ZONE 'UTC' AS verified_at,
    to_timestamp(LEAST(s.expires_at, s.idle_at) / 1000.0) AT TIME ZONE 'UTC' AS valid_until,
    s.level, COALESCE(s.factors, s.factor) AS factors
FROM core_session s
-- In an office with a table of its own, the number is that table's, and the account number
-- stands there.
LEFT JOIN core_customer c ON c.id = s.customer_id
    AND EXISTS (SELECT 1 FROM core_setting t WHERE t.name = 'customers' AND t.value = 'core_customer')
WHERE s.is_reached = 1 AND s.ended_at IS NULL AND s.mac <> ''
    AND s.expires_at > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
    AND s.idle_at > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
UNION ALL
SELECT s.customer_id, c.account_no, p.purpose AS purpose, s.factor, s.clerk, s.counter,
    to_timestamp(s.created_at / 1000.0) AT TIME ZONE 'UTC' AS verified_at,
    to_timestamp(LEAST(s.expires_at, s.idle_at) / 1000.0) AT TIME ZONE 'UTC' AS valid_until,
    s.level, COALESCE(s.factors, s.factor) AS factors
FROM core_session s
CROSS JOIN LATERAL json_array_elements_text(CAST(s.also_for AS json)) p (purpose)
LEFT JOIN core_customer c ON c.id = s.customer_id
    AND EXISTS (SELECT 1 FROM core_setting t WHERE t.name = 'customers' AND t.value = 'core_customer')
WHERE s.also_for IS NOT NULL AND s.ended_at IS NULL AND s.mac <> ''
    AND s.expires_at > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
    AND s.idle_at > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT);
