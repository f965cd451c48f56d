-- Who is verified now, for the billing program. Neither token nor contact is in it.
CREATE VIEW core_verified_now AS
SELECT s.customer_id, c.account_no, s.purpose, s.factor, s.clerk, s.counter,
    to_timestamp(s.created_at / 1000.0) AT TIME ZONE 'UTC' AS verified_at,
    to_timestamp(LEAST(s.expires_at, s.idle_at) / 1000.0) AT TIME ZONE 'UTC' AS valid_until
FROM core_session s
-- In an office with a table of its own, the number is that table's, and the account number
-- stands there.
LEFT JOIN core_customer c ON c.id = s.customer_id
    AND EXISTS (SELECT 1 FROM core_setting t WHERE t.name = 'customers' AND t.value = 'core_customer')
WHERE s.ended_at IS NULL AND s.mac <> ''
    AND s.expires_at > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
    AND s.idle_at > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT);
