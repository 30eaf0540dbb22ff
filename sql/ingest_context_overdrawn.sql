-- Where each context was another, one that many events of a batch have is stored once all the same.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_context_overdrawn ENCODING 'UTF8' TEMPLATE template0;
\c cdp_context_overdrawn
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE FUNCTION send(name text, agents int, each int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (event, user_id, message_id, context)
	SELECT 'Seen', 'u', concat_ws(' ', name, i, k), jsonb_build_object('userAgent', 'Mozilla/5.0 (Linux; Android 14) of its own, or of many ' || name || i)
	FROM generate_series(1, agents) i, generate_series(1, each) k
$$;
SELECT send('own', 1200, 1);
SELECT accepted FROM cdp.refresh();
SELECT count(*) FILTER (WHERE context_hash <> 0) AS rows, sum(events) FILTER (WHERE context_hash = 0) AS account FROM cdp_data.shared_context;
-- sixteen of a batch do not earn what a row costs, seventeen do; the account is where it is least
UPDATE cdp_data.shared_context SET events = -512000 WHERE context_hash = 0;
SELECT send('sixteen', 2, 16), send('seventeen', 2, 17);
SELECT accepted FROM cdp.refresh();
SELECT split_part(e.message_id, ' ', 1) AS name, count(*), count(e.context_hash) AS shared FROM cdp_data.event e WHERE e.message_id NOT LIKE 'own%' GROUP BY 1 ORDER BY 1;
SELECT sum(events) FILTER (WHERE context_hash = 0) AS account FROM cdp_data.shared_context;
-- and then earns more
SELECT send('seventeen', 2, 40), send('sixteen', 2, 1);
UPDATE cdp.inbox SET message_id = message_id || ' again';
SELECT accepted FROM cdp.refresh();
SELECT split_part(e.message_id, ' ', 1) AS name, count(*), count(e.context_hash) AS shared FROM cdp_data.event e WHERE e.message_id LIKE '%again' GROUP BY 1 ORDER BY 1;
SELECT sum(events) FILTER (WHERE context_hash = 0) AS account FROM cdp_data.shared_context;
SELECT * FROM cdp.verify();
-- those that come again and again in small batches are found too, though many others came first
DELETE FROM cdp_data.shared_context WHERE context_hash <> 0;
UPDATE cdp_data.event SET context_hash = NULL;
UPDATE cdp_data.shared_context SET events = 0;
SELECT send('first', 1200, 1);
SELECT accepted FROM cdp.refresh();
CREATE TABLE batch_shares (batch integer, shared bigint);
DO $$
BEGIN
	FOR batch IN 1 .. 100 LOOP
		PERFORM send('again', 4, 3);
		UPDATE cdp.inbox SET message_id = message_id || ' ' || batch;
		PERFORM cdp.refresh();
		INSERT INTO batch_shares SELECT batch, count(*) FROM cdp_data.event e WHERE e.message_id LIKE 'again %' || ' ' || batch AND e.context_hash IS NOT NULL;
	END LOOP;
END
$$;
SELECT min(batch) FILTER (WHERE shared > 0) AS first, min(batch) FILTER (WHERE shared = 12) AS all FROM batch_shares;
-- and each that is another is stored now and then
SELECT send('last', 3000, 1);
UPDATE cdp_data.shared_context SET events = -512000 WHERE context_hash = 0;
SELECT accepted FROM cdp.refresh();
SELECT send('very last', 3000, 1);
SELECT accepted FROM cdp.refresh();
SELECT count(context_hash) AS stored FROM cdp_data.event e WHERE e.message_id ~ 'last';
\c :origin
DROP DATABASE cdp_context_overdrawn;
