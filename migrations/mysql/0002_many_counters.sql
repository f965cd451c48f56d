-- The tables as they are on every database; see migrations/sqlite for how they
-- came to be. Times are milliseconds since the Unix epoch by the store's own
-- clock, flags are 0 or 1: both read the same on every database.
--
-- No statement here undoes what another terminal has done: a migration that was
-- cut off is run again from its beginning, since no transaction holds it together.

CREATE TABLE IF NOT EXISTS core_customer (
    id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    account_no    VARCHAR(100) NOT NULL UNIQUE,
    name          VARCHAR(255) NOT NULL,
    email         VARCHAR(254),
    phone         VARCHAR(32),
    address       TEXT,
    locale        VARCHAR(35),
    balance_cents BIGINT,
    currency      VARCHAR(3),
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How a customer is found. To the letter for naming one exactly (account_key,
-- email_key: only A-Z became a-z; phone_key: E.164), folded for searches.
-- Written by this program alone, from whichever table holds the customers.
CREATE TABLE IF NOT EXISTS core_customer_search (
    customer_id BIGINT NOT NULL PRIMARY KEY,
    account_key VARCHAR(100) NOT NULL,
    email_key   VARCHAR(254),
    phone_key   VARCHAR(32),
    compact     VARCHAR(100) NOT NULL, -- letters and digits of the account number
    account_end VARCHAR(100) NOT NULL, -- the same, last one first
    name        VARCHAR(255) NOT NULL,
    email       VARCHAR(254) NOT NULL,
    phone       VARCHAR(32) NOT NULL, -- its digits without leading zeros
    words       TEXT NOT NULL, -- every word, each after a space
    INDEX core_customer_search_compact (compact),
    INDEX core_customer_search_name (name),
    INDEX core_customer_search_email (email),
    INDEX core_customer_search_account_end (account_end)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The words of a name and of an address before the @, and the digits of a
-- phone number from each of them to the end. A search for the beginning of a
-- word, or for any part of a number, reads them in order and stops early.
CREATE TABLE IF NOT EXISTS core_customer_word (
    word        VARCHAR(64) NOT NULL,
    customer_id BIGINT NOT NULL,
    PRIMARY KEY (word, customer_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS core_invoice (
    id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id  BIGINT NOT NULL,
    number       VARCHAR(100) NOT NULL UNIQUE,
    issued_at    BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL,
    currency     VARCHAR(3) NOT NULL,
    status       VARCHAR(20) NOT NULL,
    FOREIGN KEY (customer_id) REFERENCES core_customer (id),
    INDEX core_invoice_customer (customer_id, issued_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS core_feedback (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    subject     TEXT NOT NULL,
    status      VARCHAR(20) NOT NULL,
    FOREIGN KEY (customer_id) REFERENCES core_customer (id),
    INDEX core_feedback_customer (customer_id, received_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What this program has to remember of its own doings.
CREATE TABLE IF NOT EXISTS core_setting (
    name  VARCHAR(255) NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What one terminal at a time may do.
CREATE TABLE IF NOT EXISTS core_lock (
    name VARCHAR(255) NOT NULL PRIMARY KEY
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO core_lock (name) VALUES ('issue'), ('index'), ('maintain')
ON DUPLICATE KEY UPDATE core_lock.name = core_lock.name;

CREATE TABLE IF NOT EXISTS core_otp (
    id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    public_id    VARCHAR(32) NOT NULL UNIQUE,
    customer_id  BIGINT NOT NULL,
    email        VARCHAR(254),
    phone        VARCHAR(32),
    otp_code     VARCHAR(64) NOT NULL,
    otp_type     VARCHAR(20) NOT NULL,
    is_verified  SMALLINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    purpose      VARCHAR(64) NOT NULL,
    key_id       VARCHAR(64) NOT NULL,
    reference    VARCHAR(16) NOT NULL,
    generation   BIGINT NOT NULL,
    status       VARCHAR(20) NOT NULL,
    sent_at      BIGINT NOT NULL,
    resend_at    BIGINT NOT NULL,
    closed_at    BIGINT,
    idempotency  VARCHAR(100) NOT NULL,
    clerk        VARCHAR(255) NOT NULL,
    counter      VARCHAR(64) NOT NULL,
    masked       VARCHAR(254) NOT NULL, -- the contact as logs show it
    -- Of a customer and a purpose one request can be open.
    open_purpose VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN status = 'open' THEN purpose END) STORED,
    -- When the digest has to go; nothing where it has gone.
    digest_until BIGINT GENERATED ALWAYS AS (CASE WHEN otp_code <> '' THEN expires_at END) STORED,
    UNIQUE (customer_id, idempotency),
    UNIQUE (customer_id, open_purpose),
    INDEX core_otp_latest (customer_id, purpose, id),
    INDEX core_otp_digest_until (digest_until)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Codes that were replaced, until they expire: never accepted, but recognised,
-- so that the customer can be told which message to look for.
CREATE TABLE IF NOT EXISTS core_otp_retired (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id BIGINT NOT NULL,
    purpose     VARCHAR(64) NOT NULL,
    public_id   VARCHAR(32) NOT NULL,
    generation  BIGINT NOT NULL,
    otp_code    VARCHAR(64) NOT NULL,
    key_id      VARCHAR(64) NOT NULL,
    reference   VARCHAR(16) NOT NULL,
    sent_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    INDEX core_otp_retired_customer (customer_id, purpose, expires_at),
    INDEX core_otp_retired_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Wrong codes in a row, over all of a customer's requests. Every customer with
-- a request has a row: whoever changes it has the customer to himself.
CREATE TABLE IF NOT EXISTS core_guard (
    customer_id BIGINT NOT NULL PRIMARY KEY,
    failures    BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS core_delivery (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    otp_id      BIGINT NOT NULL,
    generation  BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    channel     VARCHAR(20) NOT NULL,
    contact     VARCHAR(254) NOT NULL,
    provider    VARCHAR(32) NOT NULL,
    state       VARCHAR(20) NOT NULL,
    progress    SMALLINT NOT NULL,
    provider_id VARCHAR(128),
    detail      TEXT,
    clerk       VARCHAR(255) NOT NULL,
    counter     VARCHAR(64) NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    UNIQUE (otp_id, generation),
    FOREIGN KEY (otp_id) REFERENCES core_otp (id) ON DELETE CASCADE,
    INDEX core_delivery_contact (contact, created_at),
    INDEX core_delivery_customer (customer_id, created_at),
    INDEX core_delivery_clerk (clerk, created_at),
    INDEX core_delivery_counter (counter, created_at),
    INDEX core_delivery_created (created_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Requests that are over and old, with how their last message went. The
-- contact is masked for good.
CREATE TABLE IF NOT EXISTS core_otp_archive (
    id             BIGINT NOT NULL,
    public_id      VARCHAR(32) NOT NULL,
    customer_id    BIGINT NOT NULL,
    masked         VARCHAR(254) NOT NULL,
    otp_type       VARCHAR(20) NOT NULL,
    is_verified    SMALLINT NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    closed_at      BIGINT,
    attempts       BIGINT NOT NULL,
    max_attempts   BIGINT NOT NULL,
    purpose        VARCHAR(64) NOT NULL,
    reference      VARCHAR(16) NOT NULL,
    generation     BIGINT NOT NULL,
    status         VARCHAR(20) NOT NULL,
    clerk          VARCHAR(255) NOT NULL,
    counter        VARCHAR(64) NOT NULL,
    provider       VARCHAR(32),
    delivery_state VARCHAR(20),
    provider_id    VARCHAR(128),
    detail         TEXT,
    PRIMARY KEY (id, created_at),
    INDEX core_otp_archive_public_id (public_id),
    INDEX core_otp_archive_customer (customer_id),
    INDEX core_otp_archive_created (created_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS core_session (
    id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    public_id    VARCHAR(32) NOT NULL UNIQUE,
    token_digest VARCHAR(64) NOT NULL UNIQUE,
    customer_id  BIGINT NOT NULL,
    request      VARCHAR(32) NOT NULL,
    factor       VARCHAR(32) NOT NULL,
    purpose      VARCHAR(64) NOT NULL,
    clerk        VARCHAR(255) NOT NULL,
    counter      VARCHAR(64) NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    idle_at      BIGINT NOT NULL,
    ended_at     BIGINT,
    ended_how    VARCHAR(20),
    INDEX core_session_customer (customer_id),
    INDEX core_session_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS core_event (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at          BIGINT NOT NULL,
    kind        VARCHAR(32) NOT NULL,
    outcome     VARCHAR(20),
    request     VARCHAR(32),
    customer_id BIGINT,
    channel     VARCHAR(20),
    contact     VARCHAR(254),
    clerk       VARCHAR(255) NOT NULL,
    counter     VARCHAR(64) NOT NULL,
    detail      TEXT,
    act         VARCHAR(64), -- the name of an act that may be told twice
    INDEX core_event_request (request),
    INDEX core_event_customer (customer_id),
    INDEX core_event_outcome (outcome),
    INDEX core_event_channel (channel),
    INDEX core_event_outcome_channel (outcome, channel),
    UNIQUE INDEX core_event_act (act)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- For people and reporting tools: readable times (UTC), no secrets.
CREATE OR REPLACE VIEW core_otp_readable AS
SELECT id, public_id, customer_id, masked AS contact, otp_type, is_verified,
    TIMESTAMPADD(SECOND, created_at DIV 1000, '1970-01-01 00:00:00') AS created_at,
    TIMESTAMPADD(SECOND, expires_at DIV 1000, '1970-01-01 00:00:00') AS expires_at,
    TIMESTAMPADD(SECOND, closed_at DIV 1000, '1970-01-01 00:00:00') AS closed_at,
    attempts, max_attempts, purpose, reference, generation, status, clerk, counter
FROM core_otp;
