-- To which address and which number a customer's codes go, and since when: a
-- change of it is noticed, and told to the one before.

CREATE TABLE core_contact (
    customer_id BIGINT NOT NULL,
    kind        TEXT   NOT NULL, -- email or phone
    contact     TEXT   NOT NULL,
    bound_at    BIGINT NOT NULL,
    changed     BIGINT NOT NULL, -- 1: it took another one's place, and no admin has confirmed it
    PRIMARY KEY (customer_id, kind)
);

-- What is still to be told to contacts that were changed; told, the row goes.
CREATE TABLE core_notice (
    id          INTEGER PRIMARY KEY,
    customer_id BIGINT NOT NULL,
    channel     TEXT   NOT NULL,
    contact     TEXT   NOT NULL, -- the one that was changed
    provider    TEXT   NOT NULL, -- of the terminal that noticed it
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    tries       BIGINT NOT NULL
);
CREATE INDEX core_notice_due ON core_notice (due_at);

-- Test messages of the last hour, for their limits; older ones go with the next.
CREATE TABLE core_trial (
    id         INTEGER PRIMARY KEY,
    contact    TEXT   NOT NULL,
    clerk      TEXT   NOT NULL,
    counter    TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
