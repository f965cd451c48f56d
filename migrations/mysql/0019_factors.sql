-- What customers enrol to prove who they are: an authenticator, a set of backup codes. Rows are
-- written anew and never deleted but with the customer: what is sealed is bound to the
-- generation. Like all scripts here it can be run again from the beginning.

CREATE TABLE IF NOT EXISTS core_customer_factor (
    customer_id BIGINT NOT NULL,
    kind        VARCHAR(20) NOT NULL, -- totp or backup-codes
    generation  BIGINT NOT NULL, -- how often it was written
    sealed      VARCHAR(255), -- the seed, or the key of the digests; none where it was removed
    key_id      VARCHAR(64) NOT NULL,
    last_step   BIGINT NOT NULL, -- of the last code of an authenticator
    early_step  BIGINT NOT NULL, -- one that somebody was told is yet to come
    made_at     BIGINT NOT NULL,
    clerk       VARCHAR(255) NOT NULL,
    counter     VARCHAR(64) NOT NULL,
    PRIMARY KEY (customer_id, kind)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS core_backup_code (
    customer_id BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    digest      VARCHAR(64) NOT NULL, -- erased when it is used
    used_at     BIGINT,
    PRIMARY KEY (customer_id, number)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- about: what a notice is about; a contact that was changed, where nothing is said.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_notice' AND column_name = 'about');
SET @change = IF(@missing, 'ALTER TABLE core_notice ADD COLUMN about VARCHAR(20)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
