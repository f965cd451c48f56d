-- Whose authenticator a pad asks for, and for what; none where it shows a request. `request` is then
-- the name of the entry.
ALTER TABLE core_pad ADD COLUMN customer_id BIGINT;
ALTER TABLE core_pad ADD COLUMN purpose TEXT;
