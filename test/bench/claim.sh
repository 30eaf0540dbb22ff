#!/bin/bash
# Cost of a claim of 10,000 rows next to a million rows that earlier claims deleted and that vacuum cannot
# remove, because a transaction holds a snapshot; in CPU seconds of the backend.
#   ROWS=1000000  deleted rows    CLAIMS=50  claims in a row; the first reads the table
set -euo pipefail
ROWS=${ROWS:-1000000}
CLAIMS=${CLAIMS:-50}

psql -Xq -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
SELECT cdp.init();
CREATE FUNCTION cpu() RETURNS numeric LANGUAGE sql VOLATILE AS $$
	SELECT (s[12]::numeric + s[13]::numeric) / 100 FROM (SELECT string_to_array(substr(t, length(t) - position(')' IN reverse(t)) + 3), ' ') AS s FROM pg_read_file('/proc/self/stat') t) f $$;
CREATE FUNCTION bring(rows bigint) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, "timestamp", source)
	SELECT 'm' || i, 'track', 'Product Viewed', 'u' || i % 9973, jsonb_build_object('n', i), timestamptz '2026-01-01', 'web' FROM generate_series(1, rows) i $$;
-- as cdp.refresh() claims
CREATE PROCEDURE claim(claims integer, rows bigint) LANGUAGE plpgsql AS $$
DECLARE
	c record;
BEGIN
	FOR i IN 1 .. claims LOOP
		SELECT r.places INTO c FROM cdp_internal.refresh_claim(rows, 0) r;
		DELETE FROM cdp.inbox WHERE ctid = ANY (c.places);
		COMMIT;
	END LOOP;
END $$;
-- as a statement that starts at the first block would claim
CREATE PROCEDURE claim_from_start(claims integer, rows bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. claims LOOP
		DELETE FROM cdp.inbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM cdp.inbox LIMIT rows));
		COMMIT;
	END LOOP;
END $$;
CREATE TABLE result (name text, cpu numeric);
SQL

# measure NAME PROCEDURE DEAD: CPU seconds of the claims next to this number of dead rows
measure() {
	psql -XqAt -v ON_ERROR_STOP=1 -v name="$1" -v claims="$CLAIMS" -v dead="$3" -v procedure="$2" <<-'SQL'
		TRUNCATE cdp.inbox;
		SELECT bring(:dead) WHERE :dead > 0 \g /dev/null
		CALL :procedure(CASE WHEN :dead > 0 THEN 1 ELSE 0 END, :dead);
		SELECT bring(10000 * :claims) \g /dev/null
		CHECKPOINT;
		UPDATE cdp_data.inbox_mark SET passed_at = '-infinity';
		SELECT cpu() AS before \gset
		CALL :procedure(:claims, 10000);
		SELECT cpu() AS after \gset
		INSERT INTO result VALUES (:'name', :after - :before);
		SELECT format('%s: %s ms a claim', :'name', round(1000 * (:after - :before) / :claims, 1));
		SELECT count(*) || ' rows left that should be none' FROM cdp.inbox HAVING count(*) > 0;
	SQL
}
coproc holder { exec psql -XqAt; }
printf '%s\n' 'BEGIN ISOLATION LEVEL REPEATABLE READ;' "SELECT 'held' FROM cdp.batch RIGHT JOIN (SELECT 1) o ON true;" >&"${holder[1]}"
read -r _ <&"${holder[0]}"
measure "without dead rows" claim 0
measure "beside $ROWS dead rows" claim "$ROWS"
measure "beside $ROWS dead rows, each from the first block" claim_from_start "$ROWS"
echo 'ROLLBACK; \q' >&"${holder[1]}"
psql -XqAt -c "SELECT format('a claim of 10,000 beside $ROWS dead rows costs %s times one without (bar: 1.5)',
	round(max(cpu) FILTER (WHERE name = 'beside $ROWS dead rows') / max(cpu) FILTER (WHERE name LIKE 'without%'), 2)) FROM result"
