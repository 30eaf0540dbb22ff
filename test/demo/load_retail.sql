-- Fills the inbox with the rows that online_retail.py made from the data set.
\copy cdp.inbox (type, event, anonymous_id, user_id, properties, traits, "timestamp", source) FROM 'inbox.tsv'
