-- Limits by the beginning of a phone number and of one clerk's wrong codes, acts that take
-- a second admin, and the policies that held. Like all scripts
-- here it can be run again from the beginning.

-- All but the last three digits of the number; none for email addresses.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_delivery'
    AND column_name = 'number_prefix');
SET @change = IF(@missing, 'ALTER TABLE core_delivery ADD COLUMN number_prefix VARCHAR(32),
    ADD INDEX core_delivery_prefix (number_prefix, created_at)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
UPDATE core_delivery SET number_prefix = substr(contact, 1, length(contact) - 3)
WHERE channel <> 'email'
AND created_at > CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - 86400000;

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_trial'
    AND column_name = 'number_prefix');
SET @change = IF(@missing, 'ALTER TABLE core_trial ADD COLUMN number_prefix VARCHAR(32)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- Wrong codes of each clerk, in an hour from the first of them.
CREATE TABLE IF NOT EXISTS core_clerk_guard (
    clerk    VARCHAR(255) NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    since    BIGINT NOT NULL, -- when the first of them was entered
    held     BIGINT NOT NULL DEFAULT 0 -- how often the row was locked
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Acts of admins that wait for a second one. `mac` is the desk's proof that it was asked.
CREATE TABLE IF NOT EXISTS core_approval (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    public_id   VARCHAR(32) NOT NULL UNIQUE,
    idempotency VARCHAR(64) NOT NULL,
    act         VARCHAR(20) NOT NULL, -- unlock, confirm or purge
    customer_id BIGINT,
    target      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    call_json   TEXT NOT NULL,
    clerk       VARCHAR(255) NOT NULL,
    counter     VARCHAR(64) NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    approved_by VARCHAR(255),
    approved_at BIGINT,
    key_id      VARCHAR(64) NOT NULL,
    mac         VARCHAR(64) NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO core_lock (name) VALUES ('approval')
ON DUPLICATE KEY UPDATE core_lock.name = core_lock.name;

-- The policies that held. What holds is a row of core_setting.
CREATE TABLE IF NOT EXISTS core_policy (
    version    VARCHAR(64) NOT NULL PRIMARY KEY,
    policy     TEXT NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_otp'
    AND column_name = 'policy_version');
SET @change = IF(@missing, 'ALTER TABLE core_otp ADD COLUMN policy_version VARCHAR(64)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_otp_archive'
    AND column_name = 'policy_version');
SET @change = IF(@missing, 'ALTER TABLE core_otp_archive ADD COLUMN policy_version VARCHAR(64)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_session'
    AND column_name = 'policy_version');
SET @change = IF(@missing, 'ALTER TABLE core_session ADD COLUMN policy_version VARCHAR(64)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
INSERT INTO core_lock (name) VALUES ('policy')
ON DUPLICATE KEY UPDATE core_lock.name = core_lock.name;

-- Whoever writes to the tables: no code works longer than ten minutes, no session lasts
-- longer than eight hours.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.table_constraints
    WHERE constraint_schema = DATABASE() AND table_name = 'core_otp'
    AND constraint_name = 'core_otp_lifetime');
SET @change = IF(@missing, 'ALTER TABLE core_otp ADD CONSTRAINT core_otp_lifetime
    CHECK (expires_at - sent_at <= 600000)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.table_constraints
    WHERE constraint_schema = DATABASE() AND table_name = 'core_session'
    AND constraint_name = 'core_session_lifetime');
SET @change = IF(@missing, 'ALTER TABLE core_session ADD CONSTRAINT core_session_lifetime
    CHECK (expires_at - created_at <= 28800000 AND idle_at <= expires_at)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
