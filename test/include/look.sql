-- what tables hold, without the times of the clock, where the inboxes were read, and the columns that a caller names
CREATE TABLE seen (form text, name text, rows bigint, content text);
CREATE FUNCTION look(form text, besides text[] DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t record;
BEGIN
	FOR t IN
		SELECT c.relname,
			'{as_of,elapsed,quarantined_at,decided_at,passed_at,pass_cost,block,pass_until}'::text[] || besides
				|| CASE c.relname WHEN 'source' THEN '{last_at}'::text[] WHEN 'state' THEN '{hold_out_salt}' WHEN 'quarantine_retention' THEN '{checked_at}' END AS left_out
		FROM pg_class c
		WHERE c.relnamespace = 'cdp_data'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	LOOP
		EXECUTE format('INSERT INTO seen SELECT %L, %L, count(*), md5(string_agg(r.row, chr(10) ORDER BY r.row)) FROM ('
			'SELECT (to_jsonb(t) - %L::text[])::text AS row FROM cdp_data.%I t) r', form, t.relname, t.left_out,
			t.relname);
	END LOOP;
END
$$;
