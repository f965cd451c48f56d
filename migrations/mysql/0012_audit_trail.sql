-- The audit trail: a Merkle tree over the log (RFC 9162), whose leaves are its events in the
-- order of sealing, and the signed roots of the tree (C2SP tlog-checkpoint). Hashes and
-- salts are in base64.

CREATE TABLE IF NOT EXISTS core_audit_leaf (
    leaf_index BIGINT NOT NULL PRIMARY KEY, -- from 0
    event_id   BIGINT NOT NULL UNIQUE,
    hash       VARCHAR(64) NOT NULL,
    salt       VARCHAR(64) -- of the event's personal fields; goes with them
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Complete subtrees of 256, 65,536, … leaves, so that a proof reads few hashes.
CREATE TABLE IF NOT EXISTS core_audit_node (
    level      BIGINT NOT NULL,
    node_index BIGINT NOT NULL,
    hash       VARCHAR(64) NOT NULL,
    PRIMARY KEY (level, node_index)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Older checkpoints; the newest one is in core_audit_tree.
CREATE TABLE IF NOT EXISTS core_audit_checkpoint (
    size      BIGINT NOT NULL PRIMARY KEY,
    note      TEXT   NOT NULL,
    sealed_at BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row: how far the log is sealed.
CREATE TABLE IF NOT EXISTS core_audit_tree (
    id         BIGINT NOT NULL PRIMARY KEY,
    size       BIGINT NOT NULL,
    edge       TEXT   NOT NULL, -- the hashes of its complete subtrees, a JSON list
    last_event BIGINT NOT NULL, -- the highest number of an event that is sealed
    settled    BIGINT NOT NULL, -- no event up to this number can still be committed
    note       TEXT, -- the newest checkpoint
    sealed_at  BIGINT
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO core_audit_tree (id, size, edge, last_event, settled) VALUES (1, 0, '[]', 0, 0)
ON DUPLICATE KEY UPDATE core_audit_tree.id = core_audit_tree.id;
INSERT INTO core_lock (name) VALUES ('audit')
ON DUPLICATE KEY UPDATE core_lock.name = core_lock.name;
