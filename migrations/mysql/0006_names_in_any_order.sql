-- A name is looked up begun at each of its words, not by each word alone. The index
-- is filled again by the program, while clerks work.

TRUNCATE TABLE core_customer_word;
TRUNCATE TABLE core_customer_search;
