-- What goes out of the log by right: old events, and what is personal. The trail says how
-- much it was, and what remains is verified as before. A legal hold keeps a customer's data.

ALTER TABLE core_audit_leaf ADD COLUMN commitments TEXT; -- to personal fields that were erased
ALTER TABLE core_audit_tree ADD COLUMN purged_up_to BIGINT NOT NULL DEFAULT 0; -- the highest number
ALTER TABLE core_audit_tree ADD COLUMN purged BIGINT NOT NULL DEFAULT 0; -- events, in all
ALTER TABLE core_audit_tree ADD COLUMN erased BIGINT NOT NULL DEFAULT 0; -- sealed events, in all

CREATE TABLE core_hold (
    customer_id BIGINT NOT NULL PRIMARY KEY,
    reason      TEXT   NOT NULL,
    clerk       TEXT   NOT NULL,
    held_at     BIGINT NOT NULL
);
