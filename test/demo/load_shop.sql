-- Fills the inbox with the shop's events, and loads the truth to compare with.
-- Run in the directory of generate.py's files.
\copy cdp.inbox (message_id, type, event, anonymous_id, user_id, previous_id, identifiers, properties, traits, context, "timestamp", sent_at, original_timestamp, received_at, source) FROM 'inbox.tsv'
\copy cdp.inbox_raw (line, received_at, source) FROM 'raw.tsv'

CREATE SCHEMA truth;
CREATE TABLE truth.identifier (identifier text, person integer);
CREATE TABLE truth.message (message_id text, person integer);
\copy truth.identifier FROM 'identifiers.tsv'
\copy truth.message FROM 'messages.tsv'
