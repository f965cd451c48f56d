-- Codes are bound to all that a row says of them, sessions carry a proof, messages name the
-- provider that they are meant for, and a store can be marked as one of real customers. Like
-- all scripts here it can be run again from the beginning.

-- The version of the binding. Codes of the first one end by themselves.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_otp' AND column_name = 'binding');
SET @change = IF(@missing, 'ALTER TABLE core_otp ADD COLUMN binding BIGINT NOT NULL DEFAULT 1', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_otp_retired' AND column_name = 'binding');
SET @change = IF(@missing, 'ALTER TABLE core_otp_retired
    ADD COLUMN binding BIGINT NOT NULL DEFAULT 1,
    ADD COLUMN channel VARCHAR(20), ADD COLUMN contact VARCHAR(255)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- The desk's proof that it opened the session; it goes when the session ends.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_session' AND column_name = 'mac');
SET @change = IF(@missing, 'ALTER TABLE core_session
    ADD COLUMN key_id VARCHAR(64), ADD COLUMN mac VARCHAR(64)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- Kind, host and account of the provider; messages from before have its name alone.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_delivery' AND column_name = 'fingerprint');
SET @change = IF(@missing, 'ALTER TABLE core_delivery ADD COLUMN fingerprint VARCHAR(64)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- One row, once the owner has said that the customers are real.
CREATE TABLE IF NOT EXISTS core_production (
    id        BIGINT NOT NULL PRIMARY KEY,
    marked_at BIGINT NOT NULL,
    marked_by VARCHAR(255) NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
