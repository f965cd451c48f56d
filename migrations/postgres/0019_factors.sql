-- What customers enrol to prove who they are: an authenticator, a set of backup codes. Rows are
-- written anew and never deleted but with the customer: what is sealed is bound to the
-- generation.

CREATE TABLE core_customer_factor (
    customer_id BIGINT NOT NULL,
    kind        TEXT   NOT NULL, -- totp or backup-codes
    generation  BIGINT NOT NULL, -- how often it was written
    sealed      TEXT,            -- the seed, or the key of the digests; none where it was removed
    key_id      TEXT   NOT NULL,
    last_step   BIGINT NOT NULL, -- of the last code of an authenticator
    early_step  BIGINT NOT NULL, -- one that somebody was told is yet to come
    made_at     BIGINT NOT NULL,
    clerk       TEXT   NOT NULL,
    counter     TEXT   NOT NULL,
    PRIMARY KEY (customer_id, kind)
);

CREATE TABLE core_backup_code (
    customer_id BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    digest      TEXT   NOT NULL, -- erased when it is used
    used_at     BIGINT,
    PRIMARY KEY (customer_id, number)
);

-- What a notice is about: a contact that was changed, where nothing is said.
ALTER TABLE core_notice ADD COLUMN about TEXT;
