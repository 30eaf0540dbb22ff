-- cdp.load(): the rows of a query through all stages, without the inbox: batch after batch, in one transaction.

CREATE FUNCTION cdp_internal.load_defer() RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_load_defer' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.load_defer() IS
	'Internal: puts the primary keys of cdp_data.message and cdp_data.identifier_map off, each if the table has no '
	'rows.';

CREATE FUNCTION cdp_internal.load_relieve() RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_load_relieve' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.load_relieve() IS
	'Internal: builds the indexes that cdp_internal.load_defer() put off if what stands in for them is large.';

CREATE FUNCTION cdp_internal.load_index() RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_load_index' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.load_index() IS
	'Internal: builds the indexes that a load has put off: of months of the log that this transaction has made, and '
	'those of cdp_internal.load_defer().';

CREATE FUNCTION cdp_internal.load_begin(rows bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.progress_begin('load', rows);
	-- not where statements look for messages and identifiers at each batch
	IF NOT EXISTS (SELECT FROM cdp_data.segment) AND NOT EXISTS (SELECT FROM cdp_data.verdict) THEN
		PERFORM cdp_internal.load_defer();
	END IF;
	RETURN (SELECT s.batch_id FROM cdp_data.state s);
END
$function$;
COMMENT ON FUNCTION cdp_internal.load_begin(bigint) IS
	'Internal: takes the lock, and returns the number of the last batch. rows: of the load; 0: not known.';

CREATE FUNCTION cdp_internal.load_part() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.load_relieve();
	PERFORM cdp_internal.refresh_rows(cdp_internal.load_offer(), '{}');
	PERFORM cdp_internal.load_withdraw();
END
$function$;
COMMENT ON FUNCTION cdp_internal.load_part() IS
	'Internal: takes the rows that the query of the load gave last through all stages, as cdp.refresh() does those of '
	'the inboxes.';

CREATE FUNCTION cdp_internal.load_end(after_batch_id bigint, OUT batches bigint, OUT taken bigint, OUT accepted bigint,
	OUT duplicate bigint, OUT quarantined bigint, OUT deletions bigint, OUT suppressed bigint, OUT identifiers bigint,
	OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.progress_set('indexes', 0, 0);
	PERFORM cdp_internal.load_index();
	SELECT count(*), coalesce(sum(b.taken), 0), coalesce(sum(b.accepted), 0), coalesce(sum(b.duplicate), 0),
		   coalesce(sum(b.quarantined), 0), coalesce(sum(b.deletions), 0), coalesce(sum(b.suppressed), 0),
		   coalesce(sum(b.identifiers), 0),
		   coalesce(sum(b.profiles_created), 0), coalesce(sum(b.profiles_merged), 0), coalesce(sum(b.profiles_split), 0)
	INTO batches, taken, accepted, duplicate, quarantined, deletions,
	suppressed, identifiers, profiles_created, profiles_merged,
		profiles_split
	FROM cdp_data.batch b WHERE b.batch_id > after_batch_id;
	IF EXISTS (SELECT FROM cdp_data.state s WHERE s.message_memory IS NOT NULL) AND taken > 0 THEN
		PERFORM cdp_internal.forget_messages(greatest(taken, 100));
	END IF;
	PERFORM cdp_internal.progress_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.load_end(bigint) IS
	'Internal: ends a load, and returns the sums of its batches, which are those after this number.';

-- Without a search path of its own, since the names in the query are the caller's; the query runs as the caller.
CREATE FUNCTION cdp_internal.load(query text, source text, batch_rows bigint, rows bigint, OUT batches bigint,
	OUT taken bigint, OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint, OUT deletions bigint,
	OUT suppressed bigint,
	OUT identifiers bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint,
	OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $function$
DECLARE
	started timestamptz := pg_catalog.clock_timestamp();
	max_bytes bigint := cdp_internal.max_batch_bytes();
	max_row_bytes bigint := cdp_internal.max_row_bytes();
	cut_bytes bigint := cdp_internal.cut_row_bytes();
	last_batch_id bigint;
BEGIN
	PERFORM cdp_internal.check_columns();
	IF batch_rows IS NULL OR batch_rows OPERATOR(pg_catalog.<) 1 THEN
		RAISE EXCEPTION 'batch_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	last_batch_id := cdp_data.load_begin(rows);
	-- after the lock, so that it sees what was written until then
	PERFORM cdp_internal.load_open(query, source);
	WHILE cdp_internal.load_fetch(batch_rows, max_bytes, max_row_bytes, cut_bytes) OPERATOR(pg_catalog.>) 0 LOOP
		PERFORM cdp_data.load_part();
	END LOOP;
	SELECT e.* INTO batches, taken, accepted, duplicate, quarantined, deletions,
	suppressed, identifiers, profiles_created,
		profiles_merged, profiles_split
	FROM cdp_data.load_end(last_batch_id) e;
	PERFORM cdp_internal.load_close();
	elapsed := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) started;
END
$function$;
COMMENT ON FUNCTION cdp_internal.load(text, text, bigint, bigint) IS
	'Internal: what cdp.load() does. rows: of the query; 0: not known.';

CREATE FUNCTION cdp.load(query text, source text DEFAULT NULL, batch_rows bigint DEFAULT 100000, OUT batches bigint,
	OUT taken bigint, OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint, OUT deletions bigint,
	OUT suppressed bigint,
	OUT identifiers bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint,
	OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $function$
BEGIN
	SELECT l.* INTO batches, taken, accepted, duplicate, quarantined, deletions,
	suppressed, identifiers, profiles_created,
		profiles_merged, profiles_split, elapsed
	FROM cdp_internal.load(query, source, batch_rows, 0) l;
END
$function$;
COMMENT ON FUNCTION cdp.load(text, text, bigint) IS
$comment$Loads the rows of a query, which for many rows costs less than to write them to cdp.inbox and refresh:
cdp.load('SELECT id AS message_id, user_id, event, created_at AS "timestamp" FROM old_events', 'shop'). Its columns have
names and types of columns of cdp.inbox; those that it does not give have their defaults. source: of rows that give
none. What comes of it is the same as if cdp.refresh(batch_rows) had taken the rows from the inbox, in the order of the
query, before what waits there: batches of up to batch_rows rows and 256 MB, duplicates, quarantine, people, segments.
Give the rows an order only if it matters; by time is best.
Everything is one transaction: if it is stopped or fails, nothing has been loaded. Other refreshes wait meanwhile;
writers of the inboxes and readers do not. cdp.progress shows the rows that batches have taken.
Months that the log gets by the load have no indexes until its end, or until a batch must find events in them (people
are taken apart, an identifier becomes shared, a mutable source corrects); with segments they have them from the start.
Where no message or no identifier was there before, they are found in memory, up to 30 million of both, and the indexes
are built at the end, when readers that look identifiers up wait for seconds. Where another transaction that is still
open has used such an index, or the load needs it before its end, rows are inserted into it. With segments, verdicts,
mutable sources, sources with same_content_within, or hashes of e-mail addresses or phone numbers the indexes are used
from the start, or from the batch that brings the first.
Memory: some 500 MB for batches of 100,000, some 20 bytes for each message and identifier found in memory, and
maintenance_work_mem. Disk: rows of people who come again in another batch are written again, and the space of the old
ones is free only after the load: up to as much as the log takes.
The query runs as the caller, with the caller's search path, and can read what the caller may. It cannot write, nor
change the role. It sees the state before the load.
Returns one row of counts, as cdp.refresh() does. batches: number of them. It works as the owner of the tables. READ
COMMITTED only. Errors: a column that cdp.inbox does not have (42703), or has with another type (42804), or that comes
twice (42701); more than one query, or one without columns, batch_rows below 1 (22023); NULL (22004); a query that
writes (25006) or changes the role (42501); what its own evaluation raises.$comment$;

CREATE FUNCTION cdp.load(relation regclass, source text DEFAULT NULL, batch_rows bigint DEFAULT 100000,
	OUT batches bigint, OUT taken bigint, OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint,
	OUT deletions bigint,
	OUT suppressed bigint, OUT identifiers bigint, OUT profiles_created bigint, OUT profiles_merged bigint,
	OUT profiles_split bigint, OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $function$
BEGIN
	SELECT l.* INTO batches, taken, accepted, duplicate, quarantined, deletions,
	suppressed, identifiers, profiles_created,
		profiles_merged, profiles_split, elapsed
	FROM cdp_internal.load(pg_catalog.textcat('SELECT * FROM ', relation::text), source, batch_rows,
		cdp_internal.about_rows(relation)) l;
END
$function$;
COMMENT ON FUNCTION cdp.load(regclass, text, bigint) IS
	'Loads the rows of a table or view whose columns are named as those of cdp.inbox, as cdp.load(text, text, bigint) '
	'does those of a query: cdp.load(''old_events''::regclass).';

REVOKE ALL ON FUNCTION cdp_internal.load_defer(), cdp_internal.load_relieve(), cdp_internal.load_index(),
	cdp_internal.load_begin(bigint), cdp_internal.load_part(), cdp_internal.load_end(bigint),
	cdp_internal.load(text, text, bigint, bigint), cdp.load(text, text, bigint), cdp.load(regclass, text, bigint)
	FROM PUBLIC;
