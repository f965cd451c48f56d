-- How far sealed entries were shipped to each collector. One process at a time ships, by a lease.
CREATE TABLE core_audit_shipping (
    name        TEXT   NOT NULL, -- of the cursor, as the configuration has it
    target      TEXT   NOT NULL, -- where to
    next_index  BIGINT NOT NULL, -- the place of the first leaf that was not shipped
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    shipped_at  BIGINT,
    failures    BIGINT NOT NULL, -- in a row
    failed_at   BIGINT,
    detail      TEXT, -- why it failed last
    PRIMARY KEY (name, target)
);
