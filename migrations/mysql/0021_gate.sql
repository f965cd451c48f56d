-- Who is verified now, for the billing program. Neither token nor contact is in it.
CREATE OR REPLACE VIEW core_verified_now AS
SELECT s.customer_id, c.account_no, s.purpose, s.factor, s.clerk, s.counter,
    TIMESTAMPADD(SECOND, s.created_at DIV 1000, '1970-01-01 00:00:00') AS verified_at,
    TIMESTAMPADD(SECOND, LEAST(s.expires_at, s.idle_at) DIV 1000, '1970-01-01 00:00:00') AS valid_until
FROM core_session s
-- In an office with a table of its own, the number is that table's, and the account number
-- stands there.
LEFT JOIN core_customer c ON c.id = s.customer_id
    AND EXISTS (SELECT 1 FROM core_setting t WHERE t.name = 'customers' AND t.value = 'core_customer')
WHERE s.ended_at IS NULL AND s.mac <> ''
    AND s.expires_at > CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)
    AND s.idle_at > CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED);
