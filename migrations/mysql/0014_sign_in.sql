-- How the staff signs in where many share an account of the host, and who sits where. `mac`
-- is the desk's proof that it wrote the columns up to it; the others count and block.

CREATE TABLE IF NOT EXISTS core_sign_in (
    account           VARCHAR(64) NOT NULL PRIMARY KEY,
    version           BIGINT NOT NULL, -- how often it was written
    proof             VARCHAR(20) NOT NULL, -- none, set-up or password
    secret            VARCHAR(255), -- the digest of a set-up code, or a password's PHC string
    expires_at        BIGINT, -- until when the set-up code works
    totp              VARCHAR(255), -- the sealed seed of an authenticator
    given_by          VARCHAR(64), -- who gave out the last set-up code
    reset_by          VARCHAR(64), -- who asked for a reset that waits for a second admin
    reset_at          BIGINT,
    key_id            VARCHAR(64) NOT NULL,
    mac               VARCHAR(64) NOT NULL,
    failures          BIGINT NOT NULL, -- wrong sign-ins in a row
    blocked_until     BIGINT NOT NULL,
    failed_since      BIGINT NOT NULL, -- since the last sign-in
    failed_at         BIGINT,
    last_step         BIGINT NOT NULL, -- of the last code of the authenticator
    signed_in_at      BIGINT,
    signed_in_counter VARCHAR(128)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS core_sitting (
    id          VARCHAR(16) NOT NULL PRIMARY KEY,
    account     VARCHAR(64) NOT NULL,
    counter     VARCHAR(128) NOT NULL,
    method      VARCHAR(20) NOT NULL, -- os-user, password or password-totp
    service     VARCHAR(64) NOT NULL, -- the process that serves it
    since       BIGINT NOT NULL,
    active_at   BIGINT NOT NULL,
    lease_until BIGINT NOT NULL, -- it is over then, unless the process prolongs it
    ended_at    BIGINT,
    ended_how   VARCHAR(20),
    KEY core_sitting_open (ended_at, lease_until),
    KEY core_sitting_account (account, since)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
