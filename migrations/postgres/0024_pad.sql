-- Pads: a keypad of the customer's that is paired with a counter by a number. `number_mac` is the
-- number's keyed digest, `mac` the desk's proof that the clerk confirmed the pad, `token_digest`
-- the digest of the pad's secret. No digit that a customer types is here: `typed` says how many.
CREATE TABLE core_pad (
    public_id      TEXT NOT NULL PRIMARY KEY,
    clerk          TEXT NOT NULL,
    counter        TEXT NOT NULL,
    number_key_id  TEXT NOT NULL,
    number_mac     TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL, -- of the number, of the time to confirm, of the pairing
    pad_account    TEXT,
    pad_place      TEXT,
    token_digest   TEXT UNIQUE,
    key_id         TEXT,
    mac            TEXT,
    counter_until  BIGINT NOT NULL DEFAULT 0,
    pad_until      BIGINT NOT NULL DEFAULT 0,
    request        TEXT, -- what the counter lets the pad show
    session_digest TEXT, -- of the session to which a further proof is added
    typed          BIGINT NOT NULL DEFAULT 0,
    outcome        TEXT, -- of the last code
    version        BIGINT NOT NULL DEFAULT 1, -- counts what screens show
    ended_at       BIGINT,
    ended_how      TEXT
);

-- Wrong numbers, in ten minutes from the first of them.
CREATE TABLE core_pad_guard (
    scope    TEXT NOT NULL PRIMARY KEY, -- an account's name after "pad ", or office
    failures BIGINT NOT NULL,
    since    BIGINT NOT NULL -- when the first of them was typed
);
INSERT INTO core_lock (name) VALUES ('pad');
