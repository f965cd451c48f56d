-- One row, once the owner has said that the store is one of a rehearsal.
CREATE TABLE IF NOT EXISTS core_rehearsal (
    id        BIGINT NOT NULL PRIMARY KEY,
    marked_at BIGINT NOT NULL,
    marked_by VARCHAR(255) NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
