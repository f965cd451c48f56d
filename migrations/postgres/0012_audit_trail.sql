-- The audit trail: a Merkle tree over the log (RFC 9162), whose leaves are its events in the
-- order of sealing, and the signed roots of the tree (C2SP tlog-checkpoint). Hashes and
-- salts are in base64.

CREATE TABLE core_audit_leaf (
    leaf_index BIGINT NOT NULL PRIMARY KEY, -- from 0
    event_id   BIGINT NOT NULL UNIQUE,
    hash       TEXT   NOT NULL,
    salt       TEXT -- of the event's personal fields; goes with them
);

-- Complete subtrees of 256, 65,536, … leaves, so that a proof reads few hashes.
CREATE TABLE core_audit_node (
    level      BIGINT NOT NULL,
    node_index BIGINT NOT NULL,
    hash       TEXT   NOT NULL,
    PRIMARY KEY (level, node_index)
);

-- Older checkpoints; the newest one is in core_audit_tree.
CREATE TABLE core_audit_checkpoint (
    size      BIGINT NOT NULL PRIMARY KEY,
    note      TEXT   NOT NULL,
    sealed_at BIGINT NOT NULL
);

-- One row: how far the log is sealed.
CREATE TABLE core_audit_tree (
    id         BIGINT NOT NULL PRIMARY KEY,
    size       BIGINT NOT NULL,
    edge       TEXT   NOT NULL, -- the hashes of its complete subtrees, a JSON list
    last_event BIGINT NOT NULL, -- the highest number of an event that is sealed
    settled    BIGINT NOT NULL, -- no event up to this number can still be committed
    note       TEXT, -- the newest checkpoint
    sealed_at  BIGINT
);
INSERT INTO core_audit_tree (id, size, edge, last_event, settled) VALUES (1, 0, '[]', 0, 0);
INSERT INTO core_lock (name) VALUES ('audit');
