-- A name is looked up begun at each of its words, not by each word alone. The index
-- is filled again by the program, while clerks work. The column has another name, so
-- that a program of before, which would fill it as it was, does nothing.

ALTER TABLE core_customer_word RENAME COLUMN word TO phrase;
TRUNCATE core_customer_word, core_customer_search;
DELETE FROM core_setting WHERE name = 'indexed';
