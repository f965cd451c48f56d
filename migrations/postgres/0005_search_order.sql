-- What has the same name is shown in the order of its number: the index gives that
-- order too, so that the first of thousands of namesakes are found without reading
-- them all. SQLite's and MySQL's indexes end in the row's key anyway.

DROP INDEX core_customer_search_compact;
DROP INDEX core_customer_search_name;
DROP INDEX core_customer_search_email;
DROP INDEX core_customer_search_account_end;
CREATE INDEX core_customer_search_compact ON core_customer_search (compact, customer_id);
CREATE INDEX core_customer_search_name ON core_customer_search (name, customer_id);
CREATE INDEX core_customer_search_email ON core_customer_search (email, customer_id);
CREATE INDEX core_customer_search_account_end ON core_customer_search (account_end, customer_id);
