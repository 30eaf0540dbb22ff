#!/bin/bash
# What the tables take on disk for each event, in steady state: what they grow by, relation by relation (heap, out of line,
# indexes), beside the JSON that came.  Segment-like calls of people who are known already, and vacuum after each batch.
#   ROWS=1000000    events that are measured
#   PEOPLE=20000    people; twenty events of each come before
#   CONTEXTS=few    or "unique": each event has a browser of its own
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ROWS=${ROWS:-1000000}
PEOPLE=${PEOPLE:-20000}
CONTEXTS=${CONTEXTS:-few}
BATCH=${BATCH:-100000}

psql -Xq -v ON_ERROR_STOP=1 -f "$here/refresh_data.sql" -f "$here/ingest_data.sql" -c "
	CREATE TABLE sizes AS SELECT 0 AS step, c.relname::text AS relation, 'heap'::text AS part, 0::bigint AS bytes FROM pg_class c WHERE false;
	CREATE TABLE came (bytes bigint, events bigint);
	-- those of a partitioned table are one relation
	CREATE PROCEDURE measure(step int) LANGUAGE sql AS \$\$
		INSERT INTO sizes
		SELECT step, p.relation, p.part, sum(p.bytes) FROM (
			SELECT coalesce(i.inhparent, c.oid)::regclass::text AS relation, s.part, s.bytes
			FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
			CROSS JOIN LATERAL (VALUES ('heap', pg_relation_size(c.oid)), ('indexes', pg_indexes_size(c.oid)),
									   ('out of line and maps', pg_table_size(c.oid) - pg_relation_size(c.oid))) AS s (part, bytes)
			WHERE c.relkind = 'r' AND c.relnamespace = 'cdp_data'::regnamespace) p
		GROUP BY 1, 2, 3
	\$\$" >/dev/null

# bring FIRST COUNT: so many lines through the inbox
bring() {
	local k
	for ((k = $1; k < $1 + $2; k += BATCH)); do
		psql -XqAt -v ON_ERROR_STOP=1 -v k="$k" -v n="$BATCH" -v people="$PEOPLE" -v contexts="$CONTEXTS" <<-'SQL' >/dev/null
			CREATE TEMP TABLE next AS
				SELECT CASE :'contexts' WHEN 'unique' THEN replace(l.line, 'Mozilla/5.0', 'Mozilla/5.0 ' || md5(l.line)) ELSE l.line END AS line
				FROM lines(:k, :n, :people) l;
			INSERT INTO came SELECT sum(octet_length(line) + 1), count(*) FROM next;
			INSERT INTO cdp.inbox_raw (line, source) SELECT line, 'web' FROM next;
			SELECT cdp.refresh(:n);
			VACUUM;
		SQL
	done
}

bring 0 $((PEOPLE * 20))
psql -Xqc "CALL measure(0)" -c "TRUNCATE came"
bring $((PEOPLE * 20)) "$ROWS"
psql -Xqc "CALL measure(1)"
psql -XqAt -F ' ' <<-'SQL'
	CREATE VIEW growth AS
		SELECT s.relation, s.part, (s.bytes - coalesce(f.bytes, 0)) / c.events AS bytes, c.bytes / c.events AS raw
		FROM sizes s LEFT JOIN sizes f ON f.step = 0 AND f.relation = s.relation AND f.part = s.part
		CROSS JOIN (SELECT sum(bytes) AS bytes, sum(events) AS events FROM came) c
		WHERE s.step = 1;
	SELECT format('%-40s %-22s %8s', 'relation', 'part', 'bytes an event');
	SELECT format('%-40s %-22s %8s', relation, part, round(bytes, 1)) FROM growth WHERE abs(bytes) >= 0.1 ORDER BY abs(bytes) DESC;
	SELECT format('all: %s bytes an event; JSON that came: %s, so %s times (bar 1.4)', round(sum(bytes), 1), round(min(raw), 1),
				  round(sum(bytes) / min(raw), 3)) FROM growth;
	SELECT format('rows of cdp_data.shared_context: %s', count(*)) FROM cdp_data.shared_context;
SQL
