-- How the staff signs in where many share an account of the host, and who sits where. `mac`
-- is the desk's proof that it wrote the columns up to it; the others count and block.

CREATE TABLE core_sign_in (
    account           TEXT   NOT NULL PRIMARY KEY,
    version           BIGINT NOT NULL, -- how often it was written
    proof             TEXT   NOT NULL, -- none, set-up or password
    secret            TEXT,            -- the digest of a set-up code, or a password's PHC string
    expires_at        BIGINT,          -- until when the set-up code works
    totp              TEXT,            -- the sealed seed of an authenticator
    given_by          TEXT,            -- who gave out the last set-up code
    reset_by          TEXT,            -- who asked for a reset that waits for a second admin
    reset_at          BIGINT,
    key_id            TEXT   NOT NULL,
    mac               TEXT   NOT NULL,
    failures          BIGINT NOT NULL, -- wrong sign-ins in a row
    blocked_until     BIGINT NOT NULL,
    failed_since      BIGINT NOT NULL, -- since the last sign-in
    failed_at         BIGINT,
    last_step         BIGINT NOT NULL, -- of the last code of the authenticator
    signed_in_at      BIGINT,
    signed_in_counter TEXT
);

CREATE TABLE core_sitting (
    id          TEXT   NOT NULL PRIMARY KEY,
    account     TEXT   NOT NULL,
    counter     TEXT   NOT NULL,
    method      TEXT   NOT NULL, -- os-user, password or password-totp
    service     TEXT   NOT NULL, -- the process that serves it
    since       BIGINT NOT NULL,
    active_at   BIGINT NOT NULL,
    lease_until BIGINT NOT NULL, -- it is over then, unless the process prolongs it
    ended_at    BIGINT,
    ended_how   TEXT
);
CREATE INDEX core_sitting_open ON core_sitting (ended_at, lease_until);
CREATE INDEX core_sitting_account ON core_sitting (account, since);
