-- Flags of customers: what the staff has to know before anybody is verified for the account. They
-- have nothing to do with a legal hold (core_hold), which keeps data from being erased.
CREATE TABLE core_flag (
    customer_id BIGINT NOT NULL,
    flag        TEXT   NOT NULL, -- hold, deceased, at_risk, do_not_disclose
    reason      TEXT   NOT NULL,
    clerk       TEXT   NOT NULL,
    counter     TEXT   NOT NULL,
    set_at      BIGINT NOT NULL,
    until_at    BIGINT,          -- when it ends by itself
    PRIMARY KEY (customer_id, flag)
);

-- Who may act for a customer. A row is one by its proof (mac) alone, which goes when it ends.
CREATE TABLE core_representative (
    public_id   TEXT   NOT NULL PRIMARY KEY,
    customer_id BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    email       TEXT,
    phone       TEXT,
    purposes    TEXT   NOT NULL, -- as JSON
    from_at     BIGINT NOT NULL,
    until_at    BIGINT,
    document    TEXT   NOT NULL, -- the kind of document that was seen
    clerk       TEXT   NOT NULL,
    counter     TEXT   NOT NULL,
    approved_by TEXT   NOT NULL,
    added_at    BIGINT NOT NULL,
    ended_at    BIGINT,
    key_id      TEXT   NOT NULL,
    mac         TEXT   NOT NULL
);
CREATE INDEX core_representative_customer ON core_representative (customer_id);

-- Who stands at the counter in the place of the holder; none where it is the holder.
ALTER TABLE core_otp ADD COLUMN representative TEXT;
ALTER TABLE core_session ADD COLUMN representative TEXT;
