-- Whether a person may be used for a purpose, and why.

CREATE FUNCTION cdp_internal.consent_claims(profile_id bigint, at timestamptz)
	RETURNS TABLE (purpose_id smallint, allowed boolean, reason text, until timestamptz, consent_id bigint,
		identifier_id bigint, said_at timestamptz, decides boolean, undone_by bigint, undone_at bigint)
	AS 'MODULE_PATHNAME', 'cdp_consent_claims' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION cdp_internal.consent_claims(bigint, timestamptz) IS
	'Internal: returns the answers of a profile for all purposes at an instant: a row for the last yes, no and reset at '
	'each identifier; where nothing was said one row without a statement. decides: the answer is that of this '
	'statement; undone_by: the statement that lifted or replaced it, undone_at: the identifier that said that.';

CREATE FUNCTION cdp_internal.said_of(profile_id bigint, at timestamptz, purpose_id smallint) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
BEGIN
	RETURN (
		SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('identifier', i.identifier::text,
				'answer', cdp_internal.answer_name(c.answer), 'at', k.said_at, 'expires_at', c.expires_at,
				'source', s.source, 'event_id', nullif(c.event_id, 0), 'evidence', c.evidence,
				'decides', nullif(k.decides, false),
				CASE c.answer WHEN 'n' THEN 'lifted_by' ELSE 'replaced_by' END, CASE WHEN k.undone_by IS NOT NULL THEN (
					SELECT jsonb_strip_nulls(jsonb_build_object('identifier', u.identifier::text,
						'answer', cdp_internal.answer_name(b.answer), 'at', b.last_time, 'source', o.source,
						'event_id', nullif(b.event_id, 0), 'evidence', b.evidence))
					FROM cdp_data.consent b
					JOIN cdp_data.identifier u USING (identifier_id)
					LEFT JOIN cdp_data.source o USING (source_id)
					WHERE b.identifier_id = k.undone_at AND b.purpose_id = purpose_id AND b.consent_id = k.undone_by)
				END)) ORDER BY k.said_at DESC, k.consent_id DESC, i.identifier), '[]')
		FROM cdp_internal.consent_claims(profile_id, at) k
		JOIN cdp_data.consent c ON c.identifier_id = k.identifier_id AND c.purpose_id = k.purpose_id
			AND c.consent_id = k.consent_id
		JOIN cdp_data.identifier i ON i.identifier_id = k.identifier_id
		LEFT JOIN cdp_data.source s USING (source_id)
		WHERE k.purpose_id = said_of.purpose_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.said_of(bigint, timestamptz, smallint) IS
	'Internal: returns what a profile said of a purpose, as cdp.consent_of() shows it.';

CREATE FUNCTION cdp.consent_of(person text, purpose text DEFAULT NULL, as_of timestamptz DEFAULT NULL)
	RETURNS TABLE (name text, allowed boolean, reason text, until timestamptz, statements jsonb)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	found_id bigint;
	at timestamptz;
	asked smallint;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF consent_of.person IS NULL THEN
		RAISE EXCEPTION 'the person is NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF consent_of.purpose IS NOT NULL THEN
		asked := cdp_internal.purpose_number(consent_of.purpose);
	END IF;
	found_id := cdp.profile_of(consent_of.person);
	at := coalesce(consent_of.as_of, greatest(clock_timestamp(), (SELECT s.as_of FROM cdp_data.state s)));
	RETURN QUERY
		SELECT p.name, coalesce(k.allowed, false), coalesce(k.reason, 'unknown'), k.until,
			coalesce(cdp_internal.said_of(found_id, at, p.purpose_id), '[]')
		FROM cdp_data.purpose p
		LEFT JOIN (
			SELECT DISTINCT ON (c.purpose_id) c.purpose_id, c.allowed, c.reason, nullif(c.until, 'infinity') AS until
			FROM cdp_internal.consent_claims(found_id, at) c) k USING (purpose_id)
		WHERE asked IS NULL OR p.purpose_id = asked
		ORDER BY p.purpose_id;
END
$function$;
COMMENT ON FUNCTION cdp.consent_of(text, text, timestamptz) IS
$comment$Returns whether a person may be used for a purpose (NULL: for each), and why, from what was said up to as_of
(NULL: now), by who is who now. person: an identifier, namespace:value, or the digits of a profile_id, present or
former.
name: the purpose. reason: no: it was said, and not lifted; yes: it was said, not replaced, and there is no such no; opt_in, opt_out: the
default where the person is, as neither holds; none: that default, which holds whatever was said; shared: the identifier
is of many people; unknown: there is no such person. until: when a yes ends that the answer rests on; NULL: never.
statements: the last yes, no and reset at each identifier, the latest first, with identifier, answer, at, expires_at,
source, event_id and evidence; decides: the answer is that of this one; lifted_by, replaced_by: what took it back. A no
counts for all identifiers of its event that are neither blocked nor shared, yes and reset for the strongest of them
alone. It is lifted by a later yes or reset of the same identifier, or of one of the same person that is at least as
strong, if the two were known to be the same person then. Of an instant between two equal statements of a source only
the first and last of which are kept the more restrictive is assumed.
Errors: a person that is NULL (22004) or no identifier (22P02), there is no such purpose (42704).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.consent_claims(bigint, timestamptz),
	cdp_internal.said_of(bigint, timestamptz, smallint), cdp.consent_of(text, text, timestamptz) FROM PUBLIC;
