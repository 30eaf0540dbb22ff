-- The keys of tables are compared by bytes: an upgrade of the C library or of ICU must not corrupt their indexes.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_collation ENCODING 'UTF8' TEMPLATE template0;
\c cdp_collation
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp.create_segment('all', 'true');

CREATE VIEW public.by_locale AS
	SELECT x.indexrelid::regclass AS index, k.place, pg_get_indexdef(x.indexrelid, k.place::integer, true) AS key, o.collname
	FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
	CROSS JOIN LATERAL unnest(x.indcollation::oid[]) WITH ORDINALITY AS k (used, place) JOIN pg_collation o ON o.oid = k.used
	WHERE c.relnamespace = ANY ('{cdp,cdp_data,cdp_segment}'::regnamespace[]) AND o.collname NOT IN ('C', 'POSIX');
SELECT * FROM public.by_locale ORDER BY 1, 2;
-- which would show
ALTER TABLE cdp_data.source ADD COLUMN other text UNIQUE;
CREATE INDEX source_licence ON cdp_data.source (lower(licence));
SELECT * FROM public.by_locale ORDER BY 1, 2;
-- and partitions are bounded by times alone
SELECT count(*) FROM pg_partitioned_table p CROSS JOIN LATERAL unnest(p.partcollation::oid[]) AS c (used) WHERE c.used <> 0;
\c :origin
DROP DATABASE cdp_collation;
