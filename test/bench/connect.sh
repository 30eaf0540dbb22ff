#!/bin/bash
# What following a table by triggers costs those who write to it: inserts, updates and deletes in statements of 1,000
# rows, against the same table that is not connected, in turns; and what reading a table costs beside the refresh of
# the same events written to the inbox; in CPU of the backend.
#   BATCHES=200  statements of each kind    READ=200000  rows that are read
set -euo pipefail
BATCHES=${BATCHES:-200}
READ=${READ:-200000}

psql -Xq -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
SELECT cdp.init();
CREATE FUNCTION cpu() RETURNS numeric LANGUAGE sql VOLATILE AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::numeric / 1e6 $$;
CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint NOT NULL, email text, status text, total numeric(12, 2),
	currency text, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON bare (customer_id);
CREATE TABLE followed (LIKE bare INCLUDING ALL);
CREATE TABLE result (kind text, name text, ms numeric);
CREATE PROCEDURE write(kind text, name text, n integer, statements integer) LANGUAGE plpgsql AS $$
DECLARE
	before numeric := cpu();
	after numeric;
BEGIN
	FOR i IN n .. n + statements - 1 LOOP
		EXECUTE CASE kind
			WHEN 'insert' THEN format('INSERT INTO %I (customer_id, email, status, total, currency, created_at) SELECT i %% 5000, ''customer'' || i || ''@example.com'', ''paid'', i %% 1000 + 0.99, ''EUR'', now() - i * interval ''1 second'' FROM generate_series(%s, %s) i', name, i * 1000 + 1, i * 1000 + 1000)
			WHEN 'update' THEN format('UPDATE %I SET total = total + 1, updated_at = now() WHERE id BETWEEN %s AND %s', name, i * 1000 + 1, i * 1000 + 1000)
			ELSE format('DELETE FROM %I WHERE id BETWEEN %s AND %s', name, i * 1000 + 1, i * 1000 + 1000) END;
		COMMIT;
	END LOOP;
	after := cpu();
	INSERT INTO result VALUES (kind, name, (after - before) / statements);
END $$;
SELECT cdp.connect('followed', event => $$ 'Order Completed' $$, at => 'created_at', identifiers => '{"user_id": "customer_id", "email": "email"}', properties => '["total", "currency"]');
SQL
for kind in insert update delete; do
	{
		for ((n = 0; n < BATCHES; n += 20)); do
			printf 'CALL write(%s, %s, %d, 20);\n' "'$kind'" "'bare'" "$n" "'$kind'" "'followed'" "$n"
		done
	} | psql -Xq -v ON_ERROR_STOP=1
	psql -XqAt -c "TRUNCATE cdp_data.followed_row"
done
psql -XqAt <<'SQL'
SELECT format('%ss of 1,000 rows: %s ms, followed by triggers %s ms: %s times%s', kind, round(bare, 2), round(followed, 2), round(followed / bare, 2), CASE kind WHEN 'insert' THEN ' (bar: 1.5)' END)
FROM (SELECT kind, avg(ms) FILTER (WHERE name = 'bare') AS bare, avg(ms) FILTER (WHERE name = 'followed') AS followed FROM result GROUP BY kind) r
ORDER BY kind DESC;
SQL

psql -XqAt -v ON_ERROR_STOP=1 -v rows="$READ" <<'SQL'
TRUNCATE followed;
INSERT INTO followed (customer_id, email, status, total, currency, created_at)
SELECT i % 50000, 'customer' || i % 50000 || '@example.com', 'paid', i % 1000 + 0.99, 'EUR', timestamptz '2026-01-01' + i * interval '1 second' FROM generate_series(1, :rows) i;
TRUNCATE cdp_data.followed_row;
CREATE TEMP TABLE event AS SELECT 'followed:' || id AS message_id, customer_id::text AS user_id, jsonb_build_object('email', email) AS identifiers, jsonb_build_object('total', total, 'currency', currency) AS properties, created_at FROM followed;
BEGIN;
INSERT INTO cdp.inbox (message_id, event, user_id, identifiers, properties, "timestamp", source) SELECT message_id, 'Order Completed', user_id, identifiers, properties, created_at, 'followed' FROM event;
SELECT cpu() AS before \gset
SELECT sum(r.taken) FROM generate_series(1, (:rows + 99999) / 100000) i CROSS JOIN LATERAL cdp.refresh(100000 + i * 0) r \g /dev/null
SELECT cpu() - :before AS inbox \gset
ROLLBACK;
SELECT cdp.reconnect('followed') \g /dev/null
SELECT cpu() AS before \gset
SELECT sum(r.taken) FROM generate_series(1, (:rows + 99999) / 100000) i CROSS JOIN LATERAL cdp.refresh(100000 + i * 0) r \g /dev/null
SELECT cpu() - :before AS connected \gset
SELECT format('refresh of %s events: from the inbox %s us each, from a connected table %s us: %s times', :rows, round(1000 * :inbox / :rows, 1), round(1000 * :connected / :rows, 1), round(:connected / :inbox, 2));
SQL
