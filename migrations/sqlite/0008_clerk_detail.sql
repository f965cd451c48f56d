-- What went wrong with a message is said twice: detail is for the admin, clerk_detail for the
-- clerk, who is spared what only an admin can do. Rows of older versions have none.

ALTER TABLE core_delivery ADD COLUMN clerk_detail TEXT;
ALTER TABLE core_line ADD COLUMN clerk_detail TEXT;
