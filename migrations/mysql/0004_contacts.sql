-- To which address and which number a customer's codes go, and since when: a
-- change of it is noticed, and told to the one before. Like all scripts here it
-- can be run again from the beginning.

CREATE TABLE IF NOT EXISTS core_contact (
    customer_id BIGINT NOT NULL,
    kind        VARCHAR(20) NOT NULL, -- email or phone
    contact     VARCHAR(254) NOT NULL,
    bound_at    BIGINT NOT NULL,
    changed     BIGINT NOT NULL, -- 1: it took another one's place, and no admin has confirmed it
    PRIMARY KEY (customer_id, kind)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What is still to be told to contacts that were changed; told, the row goes.
CREATE TABLE IF NOT EXISTS core_notice (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id BIGINT NOT NULL,
    channel     VARCHAR(20) NOT NULL,
    contact     VARCHAR(254) NOT NULL, -- the one that was changed
    provider    VARCHAR(64) NOT NULL, -- of the terminal that noticed it
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    tries       BIGINT NOT NULL,
    INDEX core_notice_due (due_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Test messages of the last hour, for their limits; older ones go with the next.
CREATE TABLE IF NOT EXISTS core_trial (
    id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    contact    VARCHAR(254) NOT NULL,
    clerk      VARCHAR(255) NOT NULL,
    counter    VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
