-- The claim: which rows of the inboxes a refresh takes.  Only vacuum removes rows that earlier refreshes deleted, so
-- each claim continues where the last one ended.  From time to time a pass from block 0 finds the rows before that: of
-- writers that committed late, and in reused space.

CREATE FUNCTION cdp_internal.max_batch_bytes() RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 256 * 1024 * 1024;
COMMENT ON FUNCTION cdp_internal.max_batch_bytes() IS
	'Internal: returns the limit on the rows of a batch, in bytes, uncompressed.';

CREATE FUNCTION cdp_internal.max_row_bytes() RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 64 * 1024 * 1024;
COMMENT ON FUNCTION cdp_internal.max_row_bytes() IS
	'Internal: returns the limit on a row of an inbox, uncompressed, and on its documents as text, in bytes. A larger '
	'row is quarantined, cut.';

CREATE FUNCTION cdp_internal.cut_row_bytes() RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 65536;
COMMENT ON FUNCTION cdp_internal.cut_row_bytes() IS
	'Internal: returns what a row that is cut keeps at most, in bytes: 16 columns of 4 kB.';

CREATE FUNCTION cdp_internal.claim_rows(inbox regclass, from_block bigint, max_rows bigint, max_bytes bigint,
	max_row_bytes bigint, cut_bytes bigint, OUT places tid[], OUT bytes bigint, OUT first_block bigint,
	OUT last_block bigint, OUT blocks bigint, OUT ended boolean, OUT elapsed interval)
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'cdp_claim_rows';
COMMENT ON FUNCTION cdp_internal.claim_rows(regclass, bigint, bigint, bigint, bigint, bigint) IS
	'Internal: returns the places of the rows of a table from a block on, up to max_rows and max_bytes (uncompressed), '
	'but at least one row. A row over max_row_bytes counts as cut_bytes. first_block: where the scan started, 0 if the '
	'file ends before from_block; last_block: block of the last row, NULL if there is none; blocks: size of the file; '
	'ended: whether no rows follow; elapsed: duration.';

CREATE FUNCTION cdp_internal.count_rows(inbox regclass, from_block bigint, max_rows bigint) RETURNS bigint
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'cdp_count_rows';
COMMENT ON FUNCTION cdp_internal.count_rows(regclass, bigint, bigint) IS
	'Internal: counts the rows of a table from a block on, up to max_rows.';

CREATE FUNCTION cdp_internal.next_block(inbox text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	mark record;
	age interval;
BEGIN
	SELECT m.* INTO STRICT mark FROM cdp_data.inbox_mark m WHERE m.inbox = next_block.inbox;
	IF isfinite(mark.passed_at) THEN
		age := clock_timestamp() - mark.passed_at;
	END IF;
	-- passes take a half of a per cent of the time, but there is one each minute, and one if the clock was set back
	RETURN CASE WHEN age BETWEEN interval '0' AND least(200 * mark.pass_cost, interval '1 minute') THEN mark.block
				ELSE 0 END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.next_block(text) IS
	'Internal: returns the block where the next claim of an inbox starts: the mark, or 0 if a pass is due.';

CREATE FUNCTION cdp_internal.small_inbox() RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 128;
COMMENT ON FUNCTION cdp_internal.small_inbox() IS
	'Internal: returns how many blocks of an inbox each claim reads from the first one on: that is cheap, and keeps '
	'the order in a small inbox.';

CREATE FUNCTION cdp_internal.move_mark(inbox text, first_block bigint, last_block bigint, blocks bigint, ended boolean,
	elapsed interval) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	mark record;
	reached bigint;
BEGIN
	SELECT m.block, m.pass_until, m.pass_cost INTO STRICT mark
	FROM cdp_data.inbox_mark m WHERE m.inbox = move_mark.inbox;
	reached := CASE WHEN ended THEN greatest(last_block, least(mark.block, blocks - 1)) ELSE last_block END;
	UPDATE cdp_data.inbox_mark m SET
		block = CASE WHEN reached < cdp_internal.small_inbox() THEN 0 ELSE reached END,
		passed_at = CASE WHEN first_block = 0 THEN clock_timestamp() ELSE m.passed_at END,
		pass_until = CASE WHEN first_block = 0 THEN mark.block ELSE m.pass_until END,
		pass_cost = CASE WHEN first_block = 0 THEN elapsed
						 WHEN first_block < mark.pass_until THEN mark.pass_cost + elapsed ELSE m.pass_cost END
	WHERE m.inbox = move_mark.inbox;
END
$function$;
COMMENT ON FUNCTION cdp_internal.move_mark(text, bigint, bigint, bigint, boolean, interval) IS
	'Internal: stores how far cdp_internal.claim_rows() came, and what a pass costs.';

CREATE FUNCTION cdp_internal.refresh_claim(max_rows bigint, written bigint, OUT places tid[], OUT line_places tid[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	max_bytes bigint := cdp_internal.max_batch_bytes();
	max_row_bytes bigint := cdp_internal.max_row_bytes();
	cut_bytes bigint := cdp_internal.cut_row_bytes();
	-- a tenth is reserved for lines, so that a busy cdp.inbox does not starve them; a single row is taken from the two
	-- inboxes by turns
	line_share bigint := CASE WHEN max_rows > 1 THEN least((max_rows + 9) / 10, max_rows - 1)
		ELSE (SELECT s.batch_id % 2 FROM cdp_data.state s) END;
	-- small inboxes have no mark to begin at, and none to move
	is_small boolean := (SELECT bool_and(m.block = 0) FROM cdp_data.inbox_mark m);
	from_block bigint := CASE WHEN is_small THEN 0 ELSE cdp_internal.next_block('inbox') END;
	from_line_block bigint := CASE WHEN is_small THEN 0 ELSE cdp_internal.next_block('inbox_raw') END;
	rows record;
	lines record;
BEGIN
	LOOP
		lines := cdp_internal.claim_rows(
			'cdp.inbox_raw', from_line_block, line_share, max_bytes / 10, max_row_bytes, cut_bytes);
		rows := cdp_internal.claim_rows('cdp.inbox', from_block, max_rows - cardinality(lines.places),
			max_bytes - lines.bytes, max_row_bytes, cut_bytes);
		IF NOT lines.ended THEN
			lines := cdp_internal.claim_rows('cdp.inbox_raw', from_line_block, max_rows - cardinality(rows.places),
				max_bytes - rows.bytes, max_row_bytes, cut_bytes);
		END IF;
		EXIT WHEN cardinality(rows.places) + cardinality(lines.places) >= least(greatest(written, 1), max_rows)
			OR (from_block = 0 AND from_line_block = 0);
		-- no rows after the marks, or fewer than were written just now, to freed space: look before them
		from_block := 0;
		from_line_block := 0;
	END LOOP;
	places := rows.places;
	line_places := lines.places;
	is_small := is_small AND coalesce(greatest(rows.last_block, lines.last_block), 0) < cdp_internal.small_inbox();
	-- if no rows were found, write nothing: the next refresh makes a pass again
	IF cardinality(places) + cardinality(line_places) > 0 AND NOT is_small THEN
		IF cardinality(places) > 0 OR rows.ended THEN
			PERFORM cdp_internal.move_mark(
				'inbox', rows.first_block, rows.last_block, rows.blocks, rows.ended, rows.elapsed);
		END IF;
		IF cardinality(line_places) > 0 OR lines.ended THEN
			PERFORM cdp_internal.move_mark(
				'inbox_raw', lines.first_block, lines.last_block, lines.blocks, lines.ended, lines.elapsed);
		END IF;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_claim(bigint, bigint) IS
	'Internal: returns the places of the rows of cdp.inbox and the lines of cdp.inbox_raw for the next batch, together '
	'up to max_rows and cdp_internal.max_batch_bytes(). written: how many rows this refresh has written to cdp.inbox '
	'itself, which are then found wherever they are.';

CREATE FUNCTION cdp_internal.count_waiting() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT sum(cdp_internal.count_rows(
			CASE m.inbox WHEN 'inbox' THEN 'cdp.inbox'::regclass ELSE 'cdp.inbox_raw' END, m.block, 1000000))
		FROM cdp_data.inbox_mark m);
END
$function$;
COMMENT ON FUNCTION cdp_internal.count_waiting() IS
	'Internal: counts the rows that wait in the inboxes after the marks, up to a million in each.';

REVOKE ALL ON FUNCTION cdp_internal.max_batch_bytes(), cdp_internal.max_row_bytes(),
	cdp_internal.cut_row_bytes(), cdp_internal.claim_rows(regclass, bigint, bigint, bigint, bigint, bigint),
	cdp_internal.count_rows(regclass, bigint, bigint), cdp_internal.next_block(text), cdp_internal.small_inbox(),
	cdp_internal.move_mark(text, bigint, bigint, bigint, boolean, interval), cdp_internal.refresh_claim(bigint, bigint),
	cdp_internal.count_waiting() FROM PUBLIC;
