-- That the desk queued a notice: its message authentication code, and the id of the key. A notice of
-- before has none.
ALTER TABLE core_notice ADD COLUMN key_id TEXT;
ALTER TABLE core_notice ADD COLUMN mac TEXT;
