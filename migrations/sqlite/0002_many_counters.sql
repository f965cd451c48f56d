-- Many counters, and customers that may lie in a table of the office's own:
-- nothing refers to core_customer any more but what belongs to it, customers
-- are found by their words, and old requests have an archive.

DROP TABLE core_customer_part;
DROP TABLE core_part_weight;
DROP TABLE core_customer_search;

-- How a customer is found. To the letter for naming one exactly (account_key,
-- email_key: only A-Z became a-z; phone_key: E.164), folded for searches.
-- Written by this program alone, from whichever table holds the customers.
CREATE TABLE core_customer_search (
    customer_id INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL,
    email_key   TEXT,
    phone_key   TEXT,
    compact     TEXT NOT NULL, -- letters and digits of the account number
    account_end TEXT NOT NULL, -- the same, last one first
    name        TEXT NOT NULL,
    email       TEXT NOT NULL,
    phone       TEXT NOT NULL, -- its digits without leading zeros
    words       TEXT NOT NULL -- every word, each after a space
);
CREATE INDEX core_customer_search_compact ON core_customer_search (compact);
CREATE INDEX core_customer_search_account_end ON core_customer_search (account_end);
CREATE INDEX core_customer_search_name ON core_customer_search (name);
CREATE INDEX core_customer_search_email ON core_customer_search (email);

-- The words of a name and of an address before the @, and the digits of a
-- phone number from each of them to the end. A search for the beginning of a
-- word, or for any part of a number, reads them in order and stops early.
CREATE TABLE core_customer_word (
    word        TEXT   NOT NULL,
    customer_id BIGINT NOT NULL,
    PRIMARY KEY (word, customer_id)
) WITHOUT ROWID;

-- What this program has to remember of its own doings.
CREATE TABLE core_setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- What one terminal at a time may do.
CREATE TABLE core_lock (
    name TEXT NOT NULL PRIMARY KEY
);
INSERT INTO core_lock (name) VALUES ('issue'), ('index'), ('maintain');

CREATE TABLE core_otp_new (
    id           INTEGER PRIMARY KEY,
    public_id    TEXT     NOT NULL UNIQUE,
    customer_id  BIGINT   NOT NULL,
    email        TEXT,
    phone        TEXT,
    otp_code     TEXT     NOT NULL,
    otp_type     TEXT     NOT NULL,
    is_verified  SMALLINT NOT NULL DEFAULT 0,
    created_at   BIGINT   NOT NULL,
    expires_at   BIGINT   NOT NULL,
    attempts     BIGINT   NOT NULL,
    max_attempts BIGINT   NOT NULL,
    purpose      TEXT     NOT NULL,
    key_id       TEXT     NOT NULL,
    reference    TEXT     NOT NULL,
    generation   BIGINT   NOT NULL,
    status       TEXT     NOT NULL,
    sent_at      BIGINT   NOT NULL,
    resend_at    BIGINT   NOT NULL,
    closed_at    BIGINT,
    idempotency  TEXT     NOT NULL,
    clerk        TEXT     NOT NULL,
    counter      TEXT     NOT NULL,
    masked       TEXT     NOT NULL, -- the contact as logs show it
    -- Of a customer and a purpose one request can be open.
    open_purpose TEXT GENERATED ALWAYS AS (CASE WHEN status = 'open' THEN purpose END) STORED,
    -- When the digest has to go; nothing where it has gone.
    digest_until BIGINT GENERATED ALWAYS AS (CASE WHEN otp_code <> '' THEN expires_at END) STORED,
    UNIQUE (customer_id, idempotency),
    UNIQUE (customer_id, open_purpose)
);
INSERT INTO core_otp_new (id, public_id, customer_id, email, phone, otp_code, otp_type,
    is_verified, created_at, expires_at, attempts, max_attempts, purpose, key_id, reference,
    generation, status, sent_at, resend_at, closed_at, idempotency, clerk, counter, masked)
SELECT id, public_id, customer_id, email, phone, otp_code, otp_type,
    is_verified, created_at, expires_at, attempts, max_attempts, purpose, key_id, reference,
    generation, status, sent_at, resend_at, closed_at, idempotency, clerk, counter,
    substr(COALESCE(email, phone), 1, 1) || '*******' || substr(COALESCE(email, phone), -2)
FROM core_otp;

CREATE TABLE core_delivery_new (
    id          INTEGER PRIMARY KEY,
    otp_id      BIGINT   NOT NULL REFERENCES core_otp_new (id) ON DELETE CASCADE,
    generation  BIGINT   NOT NULL,
    customer_id BIGINT   NOT NULL,
    channel     TEXT     NOT NULL,
    contact     TEXT     NOT NULL,
    provider    TEXT     NOT NULL,
    state       TEXT     NOT NULL,
    progress    SMALLINT NOT NULL,
    provider_id TEXT,
    detail      TEXT,
    clerk       TEXT     NOT NULL,
    counter     TEXT     NOT NULL,
    created_at  BIGINT   NOT NULL,
    updated_at  BIGINT   NOT NULL,
    UNIQUE (otp_id, generation)
);
INSERT INTO core_delivery_new SELECT id, otp_id, generation, customer_id, channel, contact,
    provider, state, progress, provider_id, detail, clerk, counter, created_at, updated_at
FROM core_delivery;

DROP TABLE core_delivery;
DROP TABLE core_otp;
ALTER TABLE core_otp_new RENAME TO core_otp;
ALTER TABLE core_delivery_new RENAME TO core_delivery;
CREATE INDEX core_otp_digest_until ON core_otp (digest_until);
CREATE INDEX core_otp_latest ON core_otp (customer_id, purpose, id);
CREATE INDEX core_delivery_contact ON core_delivery (contact, created_at);
CREATE INDEX core_delivery_customer ON core_delivery (customer_id, created_at);
CREATE INDEX core_delivery_clerk ON core_delivery (clerk, created_at);
CREATE INDEX core_delivery_counter ON core_delivery (counter, created_at);
CREATE INDEX core_delivery_created ON core_delivery (created_at);

-- Requests that are over and old, with how their last message went. The
-- contact is masked for good.
CREATE TABLE core_otp_archive (
    id             BIGINT   NOT NULL,
    public_id      TEXT     NOT NULL,
    customer_id    BIGINT   NOT NULL,
    masked         TEXT     NOT NULL,
    otp_type       TEXT     NOT NULL,
    is_verified    SMALLINT NOT NULL,
    created_at     BIGINT   NOT NULL,
    expires_at     BIGINT   NOT NULL,
    closed_at      BIGINT,
    attempts       BIGINT   NOT NULL,
    max_attempts   BIGINT   NOT NULL,
    purpose        TEXT     NOT NULL,
    reference      TEXT     NOT NULL,
    generation     BIGINT   NOT NULL,
    status         TEXT     NOT NULL,
    clerk          TEXT     NOT NULL,
    counter        TEXT     NOT NULL,
    provider       TEXT,
    delivery_state TEXT,
    provider_id    TEXT,
    detail         TEXT,
    PRIMARY KEY (id, created_at)
);
CREATE INDEX core_otp_archive_public_id ON core_otp_archive (public_id);
CREATE INDEX core_otp_archive_customer ON core_otp_archive (customer_id);
CREATE INDEX core_otp_archive_created ON core_otp_archive (created_at);

-- Wrong codes in a row, over all of a customer's requests. Every customer with
-- a request has a row: whoever changes it has the customer to himself.
CREATE TABLE core_guard_new (
    customer_id INTEGER PRIMARY KEY,
    failures    BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
INSERT INTO core_guard_new (customer_id, failures, updated_at)
SELECT customer_id, failures, updated_at FROM core_guard;
INSERT INTO core_guard_new (customer_id, failures, updated_at)
SELECT customer_id, 0, MAX(created_at) FROM core_otp WHERE true GROUP BY customer_id
ON CONFLICT (customer_id) DO NOTHING;
DROP TABLE core_guard;
ALTER TABLE core_guard_new RENAME TO core_guard;

CREATE TABLE core_session_new (
    id           INTEGER PRIMARY KEY,
    public_id    TEXT   NOT NULL UNIQUE,
    token_digest TEXT   NOT NULL UNIQUE,
    customer_id  BIGINT NOT NULL,
    request      TEXT   NOT NULL,
    factor       TEXT   NOT NULL,
    purpose      TEXT   NOT NULL,
    clerk        TEXT   NOT NULL,
    counter      TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    idle_at      BIGINT NOT NULL,
    ended_at     BIGINT,
    ended_how    TEXT
);
INSERT INTO core_session_new SELECT id, public_id, token_digest, customer_id, request, factor,
    purpose, clerk, counter, created_at, expires_at, idle_at, ended_at, ended_how
FROM core_session;
DROP TABLE core_session;
ALTER TABLE core_session_new RENAME TO core_session;
CREATE INDEX core_session_customer ON core_session (customer_id);
CREATE INDEX core_session_expiry ON core_session (expires_at);

-- The name of the act, where telling it twice must not do it twice.
ALTER TABLE core_event ADD COLUMN act TEXT;
CREATE UNIQUE INDEX core_event_act ON core_event (act);

-- For people and reporting tools: readable times (UTC), no secrets.
CREATE VIEW core_otp_readable AS
SELECT id, public_id, customer_id, masked AS contact, otp_type, is_verified,
    datetime(created_at / 1000, 'unixepoch') AS created_at,
    datetime(expires_at / 1000, 'unixepoch') AS expires_at,
    datetime(closed_at / 1000, 'unixepoch') AS closed_at,
    attempts, max_attempts, purpose, reference, generation, status, clerk, counter
FROM core_otp;

-- The customers as every statement reads them. Where the office has a table of
-- its own, each connection puts a view of that one in front.
CREATE VIEW core_customer_view AS
SELECT id, account_no, name, email, phone, address, locale FROM core_customer;
