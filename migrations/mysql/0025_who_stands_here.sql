-- Flags of customers: what the staff has to know before anybody is verified for the account. They
-- have nothing to do with a legal hold (core_hold), which keeps data from being erased.
CREATE TABLE IF NOT EXISTS core_flag (
    customer_id BIGINT      NOT NULL,
    flag        VARCHAR(32) NOT NULL, -- hold, deceased, at_risk, do_not_disclose
    reason      TEXT        NOT NULL,
    clerk       TEXT        NOT NULL,
    counter     TEXT        NOT NULL,
    set_at      BIGINT      NOT NULL,
    until_at    BIGINT,               -- when it ends by itself
    PRIMARY KEY (customer_id, flag)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who may act for a customer. A row is one by its proof (mac) alone, which goes when it ends.
CREATE TABLE IF NOT EXISTS core_representative (
    public_id   VARCHAR(16)  NOT NULL PRIMARY KEY,
    customer_id BIGINT       NOT NULL,
    name        TEXT         NOT NULL,
    email       TEXT,
    phone       TEXT,
    purposes    TEXT         NOT NULL, -- as JSON
    from_at     BIGINT       NOT NULL,
    until_at    BIGINT,
    document    TEXT         NOT NULL, -- the kind of document that was seen
    clerk       TEXT         NOT NULL,
    counter     TEXT         NOT NULL,
    approved_by TEXT         NOT NULL,
    added_at    BIGINT       NOT NULL,
    ended_at    BIGINT,
    key_id      VARCHAR(64)  NOT NULL,
    mac         VARCHAR(64)  NOT NULL,
    KEY core_representative_customer (customer_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who stands at the counter in the place of the holder; none where it is the holder. Like all
-- scripts here it can be run again from the beginning.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_otp' AND column_name = 'representative');
SET @change = IF(@missing, 'ALTER TABLE core_otp ADD COLUMN representative VARCHAR(16)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'core_session' AND column_name = 'representative');
SET @change = IF(@missing, 'ALTER TABLE core_session ADD COLUMN representative VARCHAR(16)', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
