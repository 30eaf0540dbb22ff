-- What a long run has come to: written into sequences, which other sessions see at once, and shown by a view.

CREATE FUNCTION cdp_internal.progress_begin(work text, rows bigint) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_progress_begin' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.progress_begin(text, bigint) IS
	'Internal: begins a run of this many rows (0: not known) of refresh, pull, restitch, change, load or verify. It is '
	'shown from its first stage on if it has 10,000 rows, else once it takes a second.';

CREATE FUNCTION cdp_internal.progress_part(done bigint, rows bigint) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_progress_part' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.progress_part(bigint, bigint) IS
	'Internal: says, for the estimate, how many rows of the run are done, and how many the next stages concern.';

CREATE FUNCTION cdp_internal.progress_set(stage text, done bigint, total bigint) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_progress_set' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.progress_set(text, bigint, bigint) IS
	'Internal: enters a stage of the run, or says how far it has come (total 0: not known); does nothing if no run was '
	'begun, in a read-only transaction and on a standby. The session that waits for a long run other than a refresh '
	'gets a message, every 10 seconds at most.';

CREATE FUNCTION cdp_internal.progress_row() RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_progress_row' LANGUAGE C VOLATILE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.progress_row() IS
	'Internal: says that a row more of the stage is done, and returns true. It stands in the list of what is selected; '
	'in the WHERE clause it would spoil the plan. In a parallel worker it does nothing, and in its leader it shows '
	'nothing.';

CREATE FUNCTION cdp_internal.about_rows(relation regclass) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (SELECT greatest(c.reltuples, 0) FROM pg_class c WHERE c.oid = relation);
END
$function$;
COMMENT ON FUNCTION cdp_internal.about_rows(regclass) IS
	'Internal: returns how many rows a table has by the statistics; 0: not known.';

CREATE FUNCTION cdp_internal.progress_end() RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_progress_end' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.progress_end() IS 'Internal: ends the run. An error ends it too.';

CREATE FUNCTION cdp_internal.progress_words(code bigint) RETURNS text[]
	AS 'MODULE_PATHNAME', 'cdp_progress_words' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.progress_words(bigint) IS
	'Internal: returns the names of the work and the stage that cdp_internal.progress_set() wrote as a number.';

CREATE FUNCTION cdp_internal.init_progress() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	place text;
	kept record;
BEGIN
	FOREACH place IN ARRAY ARRAY['batch', 'verify'] LOOP
		FOR kept IN SELECT * FROM (VALUES
			('runner', 'Process (times 2^32) and local transaction of the run; 0: none.'),
			('started_at', 'When the run began, in microseconds since 2000.'),
			('done', 'Stage (times 2^40, see cdp_internal.progress_words), and how many of its rows are done.'),
			('total', 'The same stage, and the number of its rows, plus 1; 0: not known.'),
			('ends_at', 'When the run will end, in microseconds since 2000; 0: it cannot be said.')) v (name, said)
		LOOP
			EXECUTE format('CREATE SEQUENCE cdp_data.%I MINVALUE 0', format('progress_%s_%s', place, kept.name));
			EXECUTE format('COMMENT ON SEQUENCE cdp_data.%I IS %L', format('progress_%s_%s', place, kept.name),
				format('%s See cdp.progress.', kept.said));
		END LOOP;
	END LOOP;

	CREATE VIEW cdp.progress AS
		WITH place AS (
			SELECT 'cdp_data.progress_batch_runner'::regclass AS id, r.last_value AS runner,
				   b.last_value AS started_at, d.last_value AS done, t.last_value AS total, e.last_value AS ends_at
			FROM cdp_data.progress_batch_runner r, cdp_data.progress_batch_started_at b,
				 cdp_data.progress_batch_done d, cdp_data.progress_batch_total t, cdp_data.progress_batch_ends_at e
			UNION ALL
			SELECT 'cdp_data.progress_verify_runner'::regclass, r.last_value, b.last_value, d.last_value,
				   t.last_value, e.last_value
			FROM cdp_data.progress_verify_runner r, cdp_data.progress_verify_started_at b,
				 cdp_data.progress_verify_done d, cdp_data.progress_verify_total t, cdp_data.progress_verify_ends_at e
		)
		SELECT w.words[1] AS work, w.words[2] AS stage, p.done & (1::bigint << 40) - 1 AS done,
			   CASE WHEN p.total >> 40 = p.done >> 40 THEN nullif(p.total & (1::bigint << 40) - 1, 0) - 1 END AS total,
			   s.epoch + p.started_at * interval '1 microsecond' AS started_at,
			   CASE WHEN e.at > clock_timestamp() THEN e.at END AS estimated_end, l.pid
		FROM place p
		CROSS JOIN (SELECT timestamptz '2000-01-01 00:00:00+00' AS epoch) s
		CROSS JOIN LATERAL (SELECT s.epoch + p.ends_at * interval '1 microsecond' AS at) e
		CROSS JOIN LATERAL (SELECT cdp_internal.progress_words(p.done >> 40) AS words) w
		-- a run holds this lock until its transaction ends; what a killed one left is of another transaction
		JOIN pg_locks l ON l.locktype = 'relation' AND l.relation = p.id AND l.granted
			AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
			AND l.mode = 'ShareUpdateExclusiveLock' AND l.pid = p.runner >> 32
			AND split_part(l.virtualtransaction, '/', 2)::bigint = p.runner & (1::bigint << 32) - 1;
	COMMENT ON VIEW cdp.progress IS
		'What runs now: a refresh, a load, a restitch or a change of rules or by a verdict, and a verify (of several '
		'at once, the first). Short ones of less than 10,000 rows are not shown, nor what runs on a standby or in a '
		'read-only transaction.';
	COMMENT ON COLUMN cdp.progress.work IS
		'refresh, restitch, change (of rules, or by a verdict or cdp.retract()), load or verify.';
	COMMENT ON COLUMN cdp.progress.stage IS 'The stage at which it is.';
	COMMENT ON COLUMN cdp.progress.done IS 'How many rows the stage has done; 0 in one that does not count.';
	COMMENT ON COLUMN cdp.progress.total IS 'How many rows the stage has to do; NULL: not known.';
	COMMENT ON COLUMN cdp.progress.started_at IS 'When it began.';
	COMMENT ON COLUMN cdp.progress.estimated_end IS
		'When it will end, by the usual shares of the stages; NULL: it cannot be said yet, or takes longer than usual; '
		'and of a change of rules, since what that takes depends on the rule.';
	COMMENT ON COLUMN cdp.progress.pid IS 'Process of the session that runs it.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_progress() IS 'Internal: makes the sequences and the view of what runs now.';

REVOKE ALL ON FUNCTION cdp_internal.progress_begin(text, bigint), cdp_internal.progress_part(bigint, bigint),
	cdp_internal.progress_set(text, bigint, bigint), cdp_internal.progress_row(), cdp_internal.progress_end(),
	cdp_internal.progress_words(bigint), cdp_internal.about_rows(regclass), cdp_internal.init_progress() FROM PUBLIC;
