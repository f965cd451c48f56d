-- Pads: a keypad of the customer's that is paired with a counter by a number. `number_mac` is the
-- number's keyed digest, `mac` the desk's proof that the clerk confirmed the pad, `token_digest`
-- the digest of the pad's secret. No digit that a customer types is here: `typed` says how many.
-- Like all scripts here it can be run again from the beginning.
CREATE TABLE IF NOT EXISTS core_pad (
    public_id      VARCHAR(32) NOT NULL PRIMARY KEY,
    clerk          VARCHAR(255) NOT NULL,
    counter        VARCHAR(128) NOT NULL,
    number_key_id  VARCHAR(64) NOT NULL,
    number_mac     VARCHAR(64) NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL, -- of the number, of the time to confirm, of the pairing
    pad_account    VARCHAR(255),
    pad_place      VARCHAR(128),
    token_digest   VARCHAR(64) UNIQUE,
    key_id         VARCHAR(64),
    mac            VARCHAR(64),
    counter_until  BIGINT NOT NULL DEFAULT 0,
    pad_until      BIGINT NOT NULL DEFAULT 0,
    request        VARCHAR(32), -- what the counter lets the pad show
    session_digest VARCHAR(64), -- of the session to which a further proof is added
    typed          BIGINT NOT NULL DEFAULT 0,
    outcome        VARCHAR(20), -- of the last code
    version        BIGINT NOT NULL DEFAULT 1, -- counts what screens show
    ended_at       BIGINT,
    ended_how      VARCHAR(20)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Wrong numbers, in ten minutes from the first of them.
CREATE TABLE IF NOT EXISTS core_pad_guard (
    scope    VARCHAR(255) NOT NULL PRIMARY KEY, -- an account's name after "pad ", or office
    failures BIGINT NOT NULL,
    since    BIGINT NOT NULL -- when the first of them was typed
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO core_lock (name) VALUES ('pad')
ON DUPLICATE KEY UPDATE core_lock.name = core_lock.name;
