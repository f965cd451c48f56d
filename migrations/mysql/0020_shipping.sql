-- How far sealed entries were shipped to each collector. One process at a time ships, by a lease.
CREATE TABLE IF NOT EXISTS core_audit_shipping (
    name        VARCHAR(64)  NOT NULL, -- of the cursor, as the configuration has it
    target      VARCHAR(512) NOT NULL, -- where to
    next_index  BIGINT NOT NULL, -- the place of the first leaf that was not shipped
    lease_owner VARCHAR(64),
    lease_until BIGINT NOT NULL,
    shipped_at  BIGINT,
    failures    BIGINT NOT NULL, -- in a row
    failed_at   BIGINT,
    detail      TEXT, -- why it failed last
    PRIMARY KEY (name, target)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
