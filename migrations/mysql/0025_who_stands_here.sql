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
