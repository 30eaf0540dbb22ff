-- Checks and readers for documents of rules.  An absent key leaves a rule unchanged; null sets it to its default.

CREATE FUNCTION cdp_internal.check_object(given jsonb, what text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF given IS NULL THEN
		RAISE EXCEPTION '% must not be NULL', what USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF jsonb_typeof(given) <> 'object' THEN
		RAISE EXCEPTION '% must be a JSON object', what USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('It is of type %s.', jsonb_typeof(given));
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_object(jsonb, text) IS
	'Internal: raises an error unless a part of a document is an object. what: name of the part in the message.';

CREATE FUNCTION cdp_internal.refuse_period(period text, what text, hint text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RAISE EXCEPTION '% is %', what, period USING ERRCODE = 'invalid_parameter_value',
		DETAIL = 'It must be more than 0 and at most 100 years.', HINT = hint;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refuse_period(text, text, text) IS
	'Internal: raises the error for a period that is not positive, or too long; for the arguments see '
	'cdp_internal.in_hours().';

-- Hours, because days differ in length with the time zone, and months from one another.
CREATE FUNCTION cdp_internal.in_hours(period interval, what text, hint text) RETURNS interval
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF extract(year FROM period) <> 0 OR extract(month FROM period) <> 0 THEN
		RAISE EXCEPTION '% has months or years', what USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'Their length varies.', HINT = 'Write it in days: "365 days".';
	END IF;
	-- bounded, so that adding it to a time cannot overflow
	IF period <= interval '0' OR period > interval '36525 days' THEN
		PERFORM cdp_internal.refuse_period(period::text, what, hint);
	END IF;
	RETURN make_interval(hours => 24 * extract(day FROM period)::integer)
		+ (period - make_interval(days => extract(day FROM period)::integer));
END
$function$;
COMMENT ON FUNCTION cdp_internal.in_hours(interval, text, text) IS
	'Internal: returns a period in hours; raises an error if it has months, is not positive, or is too long. what: its '
	'name in the message; hint: what to write for none.';

CREATE FUNCTION cdp_internal.hint_at(wrong text, known text[]) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce('The nearest is "' || cdp_internal.nearest_name(wrong, known) || '".',
		'Use one of ' || array_to_string(known, ', ') || '.');
COMMENT ON FUNCTION cdp_internal.hint_at(text, text[]) IS
	'Internal: returns the hint for a wrong name: the nearest known name, or all of them if none is near.';

CREATE FUNCTION cdp_internal.check_keys(given jsonb, known text[], what text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	wrong text;
BEGIN
	PERFORM cdp_internal.check_object(given, what);
	wrong := (SELECT min(k.key COLLATE "C") FROM jsonb_object_keys(given) AS k (key) WHERE k.key <> ALL (known));
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'key "%" of % is unknown', left(wrong, 64), what USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('Known keys are %s.', array_to_string(known, ', ')),
			HINT = cdp_internal.hint_at(wrong, known);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_keys(jsonb, text[], text) IS
	'Internal: raises an error unless a part of a document is an object that has only known keys. what: name of the '
	'part in the message.';

CREATE FUNCTION cdp_internal.read_whole_number(given jsonb, what text, smallest integer,
	largest integer DEFAULT 2147483647, unlimited boolean DEFAULT false) RETURNS integer
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF unlimited AND given = '"unlimited"' THEN
		RETURN NULL;
	END IF;
	IF jsonb_typeof(given) = 'number' THEN
		IF given::numeric BETWEEN smallest AND largest AND given::numeric = trunc(given::numeric) THEN
			RETURN given::integer;
		END IF;
	END IF;
	RAISE EXCEPTION '% is %', what, left(given::text, 64) USING ERRCODE = 'invalid_parameter_value',
		DETAIL = format('It must be a whole number from %s to %s%s, or null for the default.', smallest, largest,
			CASE WHEN unlimited THEN ', "unlimited"' END);
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_whole_number(jsonb, text, integer, integer, boolean) IS
	'Internal: reads a whole number of a document; NULL: it is "unlimited", which the parameter unlimited permits.';

REVOKE ALL ON FUNCTION cdp_internal.check_object(jsonb, text), cdp_internal.refuse_period(text, text, text),
	cdp_internal.in_hours(interval, text, text),
	cdp_internal.hint_at(text, text[]),
	cdp_internal.check_keys(jsonb, text[], text),
	cdp_internal.read_whole_number(jsonb, text, integer, integer, boolean) FROM PUBLIC;
