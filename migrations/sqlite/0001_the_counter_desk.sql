-- Times are milliseconds since the Unix epoch by the store's own clock, flags
-- are 0 or 1: both read the same on every database.

CREATE TABLE core_customer (
    id            INTEGER PRIMARY KEY,
    account_no    TEXT     NOT NULL UNIQUE,
    name          TEXT     NOT NULL,
    email         TEXT,
    phone         TEXT,
    address       TEXT,
    locale        TEXT,
    balance_cents BIGINT,
    currency      TEXT,
    created_at    BIGINT   NOT NULL,
    updated_at    BIGINT   NOT NULL
);

-- How a customer is found. Folded for people's searches (account, name, email,
-- phone), to the letter for naming one exactly (account_key, email_key: only
-- A-Z became a-z; phone_key: E.164). Kept apart, so that the customer table can
-- be one the office already has.
CREATE TABLE core_customer_search (
    customer_id INTEGER PRIMARY KEY REFERENCES core_customer (id),
    account_key TEXT NOT NULL,
    email_key   TEXT,
    phone_key   TEXT,
    account     TEXT NOT NULL,
    compact     TEXT NOT NULL,
    name        TEXT NOT NULL,
    email       TEXT NOT NULL,
    phone       TEXT NOT NULL,
    phone_end   TEXT NOT NULL -- the digits, last one first
);
CREATE INDEX core_customer_search_account_key ON core_customer_search (account_key);
CREATE INDEX core_customer_search_email_key ON core_customer_search (email_key);
CREATE INDEX core_customer_search_phone_key ON core_customer_search (phone_key);
CREATE INDEX core_customer_search_compact ON core_customer_search (compact);
CREATE INDEX core_customer_search_name ON core_customer_search (name);
CREATE INDEX core_customer_search_email ON core_customer_search (email);
CREATE INDEX core_customer_search_phone_end ON core_customer_search (phone_end);

-- Every three letters in a row of the columns above, for parts of words.
CREATE VIRTUAL TABLE core_customer_part USING fts5 (
    parts, content = '', tokenize = 'trigram case_sensitive 1', detail = none, columnsize = 0
);

-- How common each part is, counted over a sample: a search looks the rarest up.
CREATE TABLE core_part_weight (
    part   TEXT   NOT NULL PRIMARY KEY,
    weight BIGINT NOT NULL
);

CREATE TABLE core_invoice (
    id           INTEGER PRIMARY KEY,
    customer_id  BIGINT NOT NULL REFERENCES core_customer (id),
    number       TEXT   NOT NULL UNIQUE,
    issued_at    BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL,
    currency     TEXT   NOT NULL,
    status       TEXT   NOT NULL
);
CREATE INDEX core_invoice_customer ON core_invoice (customer_id, issued_at);

CREATE TABLE core_feedback (
    id          INTEGER PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES core_customer (id),
    received_at BIGINT NOT NULL,
    subject     TEXT   NOT NULL,
    status      TEXT   NOT NULL
);
CREATE INDEX core_feedback_customer ON core_feedback (customer_id, received_at);

-- One request and its current code. otp_code is the keyed digest, empty once
-- the code can no longer be entered; otp_type is the channel.
CREATE TABLE core_otp (
    id           INTEGER PRIMARY KEY,
    public_id    TEXT     NOT NULL UNIQUE,
    customer_id  BIGINT   NOT NULL REFERENCES core_customer (id),
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
    UNIQUE (customer_id, idempotency)
);
CREATE UNIQUE INDEX core_otp_open ON core_otp (customer_id, purpose) WHERE status = 'open';
CREATE INDEX core_otp_digest ON core_otp (expires_at) WHERE otp_code <> '';
CREATE INDEX core_otp_latest ON core_otp (customer_id, purpose, id);

-- Codes that were replaced, until they expire: never accepted, but recognised,
-- so that the customer can be told which message to look for.
CREATE TABLE core_otp_retired (
    id          INTEGER PRIMARY KEY,
    customer_id BIGINT NOT NULL,
    purpose     TEXT   NOT NULL,
    public_id   TEXT   NOT NULL,
    generation  BIGINT NOT NULL,
    otp_code    TEXT   NOT NULL,
    key_id      TEXT   NOT NULL,
    reference   TEXT   NOT NULL,
    sent_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX core_otp_retired_customer ON core_otp_retired (customer_id, purpose, expires_at);
CREATE INDEX core_otp_retired_expiry ON core_otp_retired (expires_at);

-- Wrong codes in a row, over all of a customer's requests.
CREATE TABLE core_guard (
    customer_id INTEGER PRIMARY KEY REFERENCES core_customer (id),
    failures    BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- One message for each code. progress orders the states: none goes back.
CREATE TABLE core_delivery (
    id          INTEGER PRIMARY KEY,
    otp_id      BIGINT   NOT NULL REFERENCES core_otp (id),
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
CREATE INDEX core_delivery_contact ON core_delivery (contact, created_at);
CREATE INDEX core_delivery_customer ON core_delivery (customer_id, created_at);
CREATE INDEX core_delivery_clerk ON core_delivery (clerk, created_at);
CREATE INDEX core_delivery_counter ON core_delivery (counter, created_at);
CREATE INDEX core_delivery_created ON core_delivery (created_at);

CREATE TABLE core_session (
    id           INTEGER PRIMARY KEY,
    public_id    TEXT   NOT NULL UNIQUE,
    token_digest TEXT   NOT NULL UNIQUE,
    customer_id  BIGINT NOT NULL REFERENCES core_customer (id),
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
CREATE INDEX core_session_customer ON core_session (customer_id);
CREATE INDEX core_session_expiry ON core_session (expires_at);

CREATE TABLE core_event (
    id          INTEGER PRIMARY KEY,
    at          BIGINT NOT NULL,
    kind        TEXT   NOT NULL,
    outcome     TEXT,
    request     TEXT,
    customer_id BIGINT,
    channel     TEXT,
    contact     TEXT,
    clerk       TEXT   NOT NULL,
    counter     TEXT   NOT NULL,
    detail      TEXT
);
-- The number of a row ends every index, so each of these also gives the order.
CREATE INDEX core_event_request ON core_event (request);
CREATE INDEX core_event_customer ON core_event (customer_id);
CREATE INDEX core_event_outcome ON core_event (outcome);
CREATE INDEX core_event_channel ON core_event (channel);
CREATE INDEX core_event_outcome_channel ON core_event (outcome, channel);
