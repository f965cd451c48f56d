-- A session has a set of factors, and serves for more than one purpose. Rows that an earlier
-- release wrote have one factor, in factor alone, and serve for their purpose. The
-- columns are theirs: factors in the order in which they were proven, also_for as JSON.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_session' AND column_name = 'factors');
SET @change = IF(@missing, 'ALTER TABLE core_session ADD COLUMN factors VARCHAR(255),
    ADD COLUMN level VARCHAR(16), ADD COLUMN is_reached BIGINT NOT NULL DEFAULT 1,
    ADD COLUMN also_for TEXT, ADD COLUMN shared_contact BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_core_session FROM @change;
EXECUTE change_core_session;
DEALLOCATE PREPARE change_core_session;

-- When it was refused; whoever asks again under its key is told so.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_approval' AND column_name = 'refused_at');
SET @change = IF(@missing, 'ALTER TABLE core_approval ADD COLUMN refused_at BIGINT', 'DO 0');
PREPARE change_core_approval FROM @change;
EXECUTE change_core_approval;
DEALLOCATE PREPARE change_core_approval;

-- Who is verified now and for what, for the billing program. Neither token nor contact is in it.
CREATE OR REPLACE VIEW core_verified_now AS
SELECT s.customer_id, c.account_no, s.purpose AS purpose, s.factor, s.clerk, s.counter,
    TIMESTAMPADD(SECOND, s.created_at DIV 1000, '1970-01-01 00:00:00') AS verified_at,
    TIMESTAMPADD(SECOND, LEAST(s.expires_at, s.idle_at) DIV 1000, '1970-01-01 00:00:00') AS valid_until,
    s.level, COALESCE(s.factors, s.factor) AS factors
FROM core_session s
-- In an office with a table of its own, the number is that table's, and the account number
-- stands there.
LEFT JOIN core_customer c ON c.id = s.customer_id
    AND EXISTS (SELECT 1 FROM core_setting t WHERE t.name = 'customers' AND t.value = 'core_customer')
WHERE s.is_reached = 1 AND s.ended_at IS NULL AND s.mac <> ''
    AND s.expires_at > CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)
    AND s.idle_at > CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)
UNION ALL
SELECT s.customer_id, c.account_no, CONVERT(p.purpose USING utf8mb4) COLLATE utf8mb4_bin AS purpose, s.factor, s.clerk, s.counter,
    TIMESTAMPADD(SECOND, s.created_at DIV 1000, '1970-01-01 00:00:00') AS verified_at,
    TIMESTAMPADD(SECOND, LEAST(s.expires_at, s.idle_at) DIV 1000, '1970-01-01 00:00:00') AS valid_until,
    s.level, COALESCE(s.factors, s.factor) AS factors
FROM core_session s
CROSS JOIN JSON_TABLE(s.also_for, '$[*]' COLUMNS (purpose TEXT PATH '$')) p
LEFT JOIN core_customer c ON c.id = s.customer_id
    AND EXISTS (SELECT 1 FROM core_setting t WHERE t.name = 'customers' AND t.value = 'core_customer')
WHERE s.also_for IS NOT NULL AND s.ended_at IS NULL AND s.mac <> ''
    AND s.expires_at > CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)
    AND s.idle_at > CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED);
