-- The stamp of a person: the purposes that the person may be used for, in the row of cdp_data.profile.

-- A country before what it is part of.
CREATE FUNCTION cdp_internal.regions_of(code text) RETURNS text[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN ARRAY[code, left(code, 2)] || CASE
		WHEN left(code, 2) = ANY ('{AT,BE,BG,CY,CZ,DE,DK,EE,ES,FI,FR,GR,HR,HU,IE,IT,LT,LU,LV,MT,NL,PL,PT,RO,SE,SI,SK}')
		THEN '{EU,EEA}'::text[]
		WHEN left(code, 2) = ANY ('{IS,LI,NO}') THEN '{EEA}'
		ELSE '{}' END;
COMMENT ON FUNCTION cdp_internal.regions_of(text) IS
	'Internal: returns the regions that the place of a code is in, the smallest first: itself, its country, EU, EEA.';

CREATE FUNCTION cdp_internal.region_code(value text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (
		SELECT CASE left(c.code, 2) WHEN 'UK' THEN 'GB' WHEN 'EL' THEN 'GR' ELSE left(c.code, 2) END
			|| substr(c.code, 3)
		FROM (SELECT upper(replace(btrim(value), '_', '-')) AS code) c
		WHERE c.code ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$' AND left(c.code, 2) NOT IN ('XX', 'ZZ', 'EU'));
COMMENT ON FUNCTION cdp_internal.region_code(text) IS
	'Internal: returns the code of ISO 3166 that the value of a trait is, in upper case; NULL: it says nothing. UK and '
	'EL are GB and GR.';

CREATE FUNCTION cdp_internal.purpose_fallback(fallback text, by_region jsonb, code text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN code IS NULL
		THEN (
			SELECT f.name
			FROM (SELECT fallback AS name UNION ALL SELECT r.value FROM jsonb_each_text(by_region) r) f
			ORDER BY array_position('{opt_in,opt_out,none}', f.name)
			LIMIT 1)
		ELSE coalesce((
			SELECT by_region ->> r.code
			FROM unnest(cdp_internal.regions_of(purpose_fallback.code)) WITH ORDINALITY AS r (code, place)
			WHERE by_region ? r.code
			ORDER BY r.place
			LIMIT 1), fallback) END;
COMMENT ON FUNCTION cdp_internal.purpose_fallback(text, jsonb, text) IS
	'Internal: returns what holds of those who have said nothing of a purpose with this fallback and by_region, and '
	'are in a region, by its code; NULL: it is not known, and the strictest holds.';

CREATE FUNCTION cdp_internal.stamp_people(profile_ids bigint[], at timestamptz) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'cdp_stamp_people' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.stamp_people(bigint[], timestamptz) IS
	'Internal: stamps people as of an instant, and returns those whose stamps change. The caller holds the lock.';

CREATE FUNCTION cdp_internal.wrong_stamps(profile_ids bigint[], at timestamptz)
	RETURNS TABLE (profile_id bigint, purposes bigint, purposes_until timestamptz, kept bigint,
		kept_until timestamptz, consents boolean)
	AS 'MODULE_PATHNAME', 'cdp_wrong_stamps' LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION cdp_internal.wrong_stamps(bigint[], timestamptz) IS
	'Internal: returns those of these people whose stamps are not what they should be at an instant, with these and '
	'those that are kept; consents: whether they said something, which may be kept wrong, too.';

-- A stamp that holds no more is made anew with those of the people whom the batch touched.
CREATE FUNCTION cdp_internal.stamp_touched(profile_ids bigint[], at timestamptz) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_seqscan = off
AS $function$
BEGIN
	RETURN cdp_internal.stamp_people(ARRAY(
		-- 0: identifiers that are in no profile any more
		SELECT u.profile_id FROM unnest(profile_ids) AS u (profile_id) WHERE u.profile_id <> 0
		UNION
		SELECT p.profile_id FROM cdp_data.profile p
		WHERE p.purposes_until <= at AND p.purposes_until < 'infinity'), at);
END
$function$;
COMMENT ON FUNCTION cdp_internal.stamp_touched(bigint[], timestamptz) IS
	'Internal: stamps these people, and those whose stamps hold no more, as of an instant, and returns those whose '
	'stamps change. The caller holds the lock.';

CREATE FUNCTION cdp_internal.stamp_all(at timestamptz) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	slice bigint[];
	last bigint := 0;
BEGIN
	LOOP
		slice := ARRAY(
			SELECT p.profile_id FROM cdp_data.profile p WHERE p.profile_id > last ORDER BY p.profile_id LIMIT 10000);
		EXIT WHEN slice = '{}';
		PERFORM cdp_internal.stamp_people(slice, at);
		last := slice[cardinality(slice)];
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.stamp_all(timestamptz) IS
	'Internal: stamps everyone as of an instant. The caller holds the lock.';

CREATE FUNCTION cdp_internal.has_expired_consent(at timestamptz) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	-- mostly nothing has expired, which a plan that is kept cannot know: the index tells at once
	SET enable_seqscan = off
	SET plan_cache_mode = force_generic_plan
AS $function$
BEGIN
	RETURN EXISTS (SELECT FROM cdp_data.profile p WHERE p.purposes_until <= at AND p.purposes_until < 'infinity');
END
$function$;
COMMENT ON FUNCTION cdp_internal.has_expired_consent(timestamptz) IS
	'Internal: returns whether there is a stamp that holds no more at an instant.';

REVOKE ALL ON FUNCTION cdp_internal.regions_of(text), cdp_internal.region_code(text),
	cdp_internal.purpose_fallback(text, jsonb, text), cdp_internal.stamp_people(bigint[], timestamptz),
	cdp_internal.wrong_stamps(bigint[], timestamptz), cdp_internal.stamp_touched(bigint[], timestamptz),
	cdp_internal.stamp_all(timestamptz), cdp_internal.has_expired_consent(timestamptz) FROM PUBLIC;
