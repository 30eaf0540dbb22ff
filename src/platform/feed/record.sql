-- Writing the feed.  Reads cdp_data.change and the counter in cdp_data.state, and writes both.

-- Inlined where it is called for many values.
CREATE FUNCTION cdp_internal.computed_json(value text, type text) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE
		WHEN value IS NULL THEN NULL
		WHEN type = 'boolean' THEN pg_catalog.to_jsonb(value::boolean)
		WHEN type IN ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision')
			AND value NOT IN ('NaN', 'Infinity', '-Infinity') THEN pg_catalog.to_jsonb(value::numeric)
		WHEN type = 'text[]' THEN pg_catalog.to_jsonb(value::text[])
		WHEN type = 'jsonb' THEN value::jsonb
		-- it is kept in UTC
		WHEN type = 'timestamp with time zone'
			THEN pg_catalog.to_jsonb(pg_catalog.regexp_replace(value, '^(\S+) (\S+)\+00', '\1T\2+00:00'))
		ELSE pg_catalog.to_jsonb(value) END;
COMMENT ON FUNCTION cdp_internal.computed_json(text, text) IS
	'Internal: returns the value of a computed trait of a type as JSON: numbers as numbers, times as ISO 8601 in UTC.';

CREATE FUNCTION cdp_internal.announce_change(change_id bigint, max_usage double precision DEFAULT 0.5) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_announce_change' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.announce_change(bigint, double precision) IS
	'Internal: announces the last change of a transaction, with its number, on the channel cdp_change when the '
	'transaction commits, unless more than max_usage of the queue of notifications is in use then.';

CREATE FUNCTION cdp_internal.number_changes(number bigint, in_batch boolean, has_verdict boolean, OUT before bigint,
	OUT recorded timestamptz, OUT of_batch bigint, OUT decided bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	last cdp_data.state;
BEGIN
	SELECT s.* INTO STRICT last FROM cdp_data.state s;
	before := last.change_id;
	IF number = 0 THEN
		RETURN;
	END IF;
	IF in_batch THEN
		recorded := cdp_internal.batch_as_of();
		of_batch := cdp_internal.batch_number();
		IF has_verdict THEN
			-- a batch is of one verdict; one that was withdrawn is not there
			decided := (SELECT max(v.verdict_id) FROM cdp_data.verdict v WHERE v.batch_id = of_batch);
		END IF;
	ELSE
		recorded := greatest(clock_timestamp(), last.as_of);
		of_batch := last.batch_id;
	END IF;
	-- the clock may have been set back since the last change outside of a batch
	recorded := greatest(recorded, (SELECT c.recorded_at FROM cdp_data.change c ORDER BY c.change_id DESC LIMIT 1));
	UPDATE cdp_data.state SET change_id = before + number;
	PERFORM cdp_internal.announce_change(before + number);
END
$function$;
COMMENT ON FUNCTION cdp_internal.number_changes(bigint, boolean, boolean) IS
	'Internal: takes so many numbers, those after before, for changes that are added to the feed, and announces them. '
	'Returns the time and the batch of their record, and has_verdict: the verdict of the batch.';

CREATE FUNCTION cdp_internal.record_changes(kinds text[], profile_ids bigint[], segment_ids integer[],
	other_profile_ids bigint[], ats timestamptz[], causes text[], event_ids bigint[], traits text[] DEFAULT NULL,
	trait_values jsonb[] DEFAULT NULL, verdict_ids bigint[] DEFAULT NULL, in_batch boolean DEFAULT true,
	sinces timestamptz[] DEFAULT NULL, other_sinces timestamptz[] DEFAULT NULL, group_ids text[] DEFAULT NULL)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_record_changes' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.record_changes(text[], bigint[], integer[], bigint[], timestamptz[], text[], bigint[],
	text[], jsonb[], bigint[], boolean, timestamptz[], timestamptz[], text[]) IS
	'Internal: adds changes to the feed, numbered in the order of the arrays, which have one length or are NULL. '
	'Recorded at the time of the current batch, or with in_batch => false now. sinces, other_sinces: since when the '
	'profile, and the other one, had been in the segment before. group_ids: of accounts, whose profile_ids are their '
	'account_ids below 0. Returns the last number. The caller holds '
	'the lock of cdp.refresh().';

CREATE FUNCTION cdp_internal.record_purposes(profile_ids bigint[], former bigint[], present bigint[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	bound bigint := (SELECT bit_or(1::bigint << b.purpose_id) FROM cdp_data.purpose_role b);
BEGIN
	IF bound IS NULL THEN
		RETURN;
	END IF;
	PERFORM cdp_internal.record_changes(array_agg('purposes_changed'::text), array_agg(c.profile_id),
		array_agg(c.segment_id), NULL, array_agg(cdp_internal.batch_as_of()), array_agg('consent'::text), NULL, NULL,
		array_agg(c.value), sinces => array_agg(c.since))
	FROM (
		SELECT u.profile_id, s.segment_id, s.since, jsonb_build_array(u.former, u.present) AS value
		FROM unnest(profile_ids, record_purposes.former, record_purposes.present) AS u (profile_id, former, present)
		LEFT JOIN cdp_data.membership m ON m.profile_id = u.profile_id
		CROSS JOIN LATERAL (
			SELECT NULL::integer AS segment_id, NULL::timestamptz AS since
			UNION ALL
			-- not those from which the person is held out
			SELECT g.segment_id, g.since FROM unnest(m.segments, m.since) AS g (segment_id, since)
			WHERE g.segment_id > 0 AND g.since IS NOT NULL) s
		WHERE (u.former # u.present) & bound <> 0
		ORDER BY u.profile_id, s.segment_id NULLS FIRST) c;
END
$function$;
COMMENT ON FUNCTION cdp_internal.record_purposes(bigint[], bigint[], bigint[]) IS
	'Internal: adds to the feed, in a batch, that the stamps of these people changed from former to present, as far as '
	'roles are bound to the purposes: once for each person, and for each of their segments.';

REVOKE ALL ON FUNCTION cdp_internal.record_purposes(bigint[], bigint[], bigint[]),
	cdp_internal.announce_change(bigint, double precision),
	cdp_internal.number_changes(bigint, boolean, boolean), cdp_internal.computed_json(text, text),
	cdp_internal.record_changes(text[], bigint[], integer[], bigint[], timestamptz[], text[], bigint[], text[], jsonb[],
		bigint[], boolean, timestamptz[], timestamptz[], text[]) FROM PUBLIC;
