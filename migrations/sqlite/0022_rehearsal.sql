-- One row, once the owner has said that the store is one of a rehearsal.
CREATE TABLE core_rehearsal (
    id        BIGINT NOT NULL PRIMARY KEY,
    marked_at BIGINT NOT NULL,
    marked_by TEXT   NOT NULL
);
