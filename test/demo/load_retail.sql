-- Fills the inbox with what online_retail.py made of the data set.
\copy cdp.inbox (type, event, anonymous_id, user_id, properties, traits, "timestamp", source) FROM 'inbox.tsv'
