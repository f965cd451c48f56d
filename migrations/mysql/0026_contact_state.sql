-- What became of the last messages to each contact. A contact is named by a digest: in clear it
-- stands in the tables only that need it for their own work. The script can be run again from the
-- beginning.

CREATE TABLE IF NOT EXISTS core_contact_state (
    contact_name VARCHAR(64) NOT NULL PRIMARY KEY, -- a digest of channel and contact
    channel      VARCHAR(20) NOT NULL,
    customer_id  BIGINT NOT NULL, -- for whom the last message was
    arrived      VARCHAR(20), -- how far the last message came that did not fail
    arrived_at   BIGINT,
    failure      VARCHAR(20), -- what the last failure means
    failed_at    BIGINT,
    standing     VARCHAR(20) NOT NULL, -- good, bad, or unchanged where nothing is known
    INDEX core_contact_state_customer (customer_id),
    INDEX core_contact_state_bad (standing, failed_at, contact_name)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- verified_at, verified_over: when a contact was verified at a sign-up, and over which channel.
-- Another contact is not.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_contact' AND column_name = 'verified_at');
SET @change = IF(@missing, 'ALTER TABLE core_contact ADD COLUMN verified_at BIGINT,
    ADD COLUMN verified_over VARCHAR(20)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- approved_key_id, approved_mac: the proof of the desk that approved_by approved the act.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_approval'
    AND column_name = 'approved_mac');
SET @change = IF(@missing, 'ALTER TABLE core_approval ADD COLUMN approved_key_id VARCHAR(64),
    ADD COLUMN approved_mac VARCHAR(64)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
