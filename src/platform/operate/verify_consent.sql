-- The ledger of consent, and the stamps that follow from it.

CREATE FUNCTION cdp_internal.purpose_names(purposes bigint) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT coalesce(string_agg(coalesce(p.name, b.number::text), ', ' ORDER BY b.number), 'none')
		FROM generate_series(0, 62) AS b (number)
		LEFT JOIN cdp_data.purpose p ON p.purpose_id = b.number
		WHERE purposes >> b.number & 1 = 1);
END
$function$;
COMMENT ON FUNCTION cdp_internal.purpose_names(bigint) IS
	'Internal: returns the names of the purposes of a stamp; the number of one that does not exist; none if it has no '
	'purpose.';

CREATE FUNCTION cdp_internal.verify_stamps(person bigint)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	at timestamptz := (SELECT s.as_of FROM cdp_data.state s);
	slice bigint[];
	last bigint := 0;
BEGIN
	IF NOT EXISTS (SELECT FROM cdp_data.purpose)
		AND (person IS NOT NULL OR NOT EXISTS (
			SELECT FROM cdp_data.profile p WHERE p.purposes <> 0 OR p.purposes_until < 'infinity'))
	THEN
		RETURN;
	END IF;
	LOOP
		slice := ARRAY(
			SELECT p.profile_id FROM cdp_data.profile p
			WHERE p.profile_id > last AND (person IS NULL OR p.profile_id = person)
			ORDER BY p.profile_id LIMIT 10000);
		EXIT WHEN slice = '{}';
		RETURN QUERY
			SELECT 'consent', format('purposes of profile %s', w.profile_id),
				concat_ws(' until ', cdp_internal.purpose_names(w.purposes), nullif(w.purposes_until, 'infinity')),
				concat_ws(' until ', cdp_internal.purpose_names(w.kept), nullif(w.kept_until, 'infinity'))
			FROM cdp_internal.wrong_stamps(slice, at) w
			ORDER BY w.profile_id;
		last := slice[cardinality(slice)];
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_stamps(bigint) IS
	'Internal: returns where the stamps of people (NULL: of all, else of one) differ from what follows from the ledger at the time of the last '
	'batch.';

CREATE FUNCTION cdp_internal.verify_ledger() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT 'consent', format('statement %s', c.consent_id),
			format('at identifiers %s', array_to_string(coalesce(max(c.ids), array_agg(DISTINCT c.identifier_id)), ', ')),
			format('at identifiers %s, %s rows, %s contents',
				array_to_string(array_agg(DISTINCT c.identifier_id), ', '), count(*),
				count(DISTINCT (c.purpose_id, c.answer, c.source_id, c.first_time, c.last_time, c.expires_at,
					c.first_event_id, c.event_id, c.ids)))
		FROM cdp_data.consent c
		GROUP BY c.consent_id
		HAVING count(*) <> coalesce(cardinality(max(c.ids)), 1)
			OR max(c.ids) IS NOT NULL AND array_agg(c.identifier_id ORDER BY c.identifier_id) <> max(c.ids)
			OR count(DISTINCT (c.purpose_id, c.answer, c.source_id, c.first_time, c.last_time, c.expires_at,
				c.first_event_id, c.event_id, c.ids)) > 1
		ORDER BY c.consent_id;
	RETURN QUERY
		SELECT 'consent', format('identifier %s of statement %s', c.identifier_id, c.consent_id), 'present', 'missing'
		FROM cdp_data.consent c
		WHERE NOT EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = c.identifier_id)
		ORDER BY c.consent_id, c.identifier_id;
	RETURN QUERY
		SELECT DISTINCT 'consent', format('purpose %s of statements', c.purpose_id), 'present', 'missing'
		FROM cdp_data.consent c
		WHERE NOT EXISTS (SELECT FROM cdp_data.purpose p WHERE p.purpose_id = c.purpose_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_ledger() IS
	'Internal: returns where the rows of a statement of the ledger contradict each other, or what they name is missing.';

REVOKE ALL ON FUNCTION cdp_internal.purpose_names(bigint), cdp_internal.verify_stamps(bigint),
	cdp_internal.verify_ledger() FROM PUBLIC;
