-- The rules of who is who.  A changed rule acts on all history: what its change can concern goes
-- through the stages of a batch again.

-- What the argument max_links of cdp.set_rule() says, as cdp.namespace keeps it.
CREATE FUNCTION cdp.read_max_links(max_links text) RETURNS jsonb
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	given jsonb;
	wrong record;
BEGIN
	BEGIN
		given := max_links::jsonb;
	EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
		RAISE EXCEPTION 'max_links is neither a number nor a JSON object' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Examples: max_links => 20, max_links => ''{"user_id": 5, "*": 20, "device_id": null}''.';
	END;
	IF jsonb_typeof(given) = 'number' THEN
		given := jsonb_build_object('*', given);
	END IF;
	IF jsonb_typeof(given) <> 'object' THEN
		RAISE EXCEPTION 'max_links is neither a number nor a JSON object' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('It is of type %s.', jsonb_typeof(given));
	END IF;
	SELECT l.key, l.value INTO wrong FROM jsonb_each_text(given) l
	WHERE l.value !~ '^[0-9]{1,10}$' OR l.value::bigint > 2147483647 ORDER BY l.key LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'max_links has "%" for "%"', wrong.value, wrong.key USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'Each number is a whole one from 0 to 2147483647, or null for any number.';
	END IF;
	SELECT l.key INTO wrong FROM jsonb_object_keys(given) AS l (key)
	WHERE l.key <> '*' AND NOT EXISTS (SELECT FROM cdp.namespace n WHERE n.namespace = l.key) ORDER BY l.key LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'max_links names "%", which is no namespace', wrong.key USING ERRCODE = 'invalid_parameter_value',
			HINT = 'The table cdp.namespace lists them; * is all others. cdp.set_rule() with the name alone adds one.';
	END IF;
	RETURN given;
END
$function$;
COMMENT ON FUNCTION cdp.read_max_links(text) IS 'Internal: numbers of links by namespace, from a number or a JSON object in text.';

CREATE FUNCTION cdp.check_blocked(blocked text[]) RETURNS void
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	entry text;
BEGIN
	IF array_ndims(blocked) > 1 THEN
		RAISE EXCEPTION 'blocked has % dimensions', array_ndims(blocked) USING ERRCODE = 'invalid_parameter_value', HINT = 'It is a plain list of values.';
	END IF;
	FOREACH entry IN ARRAY blocked LOOP
		IF coalesce(btrim(entry), '') = '' THEN
			RAISE EXCEPTION 'blocked has an entry that is blank or NULL' USING ERRCODE = 'invalid_parameter_value';
		END IF;
		IF entry LIKE '^%' THEN
			BEGIN
				PERFORM '' ~* entry;
			EXCEPTION WHEN invalid_regular_expression THEN
				RAISE EXCEPTION 'blocked has "%", which is no regular expression', entry USING ERRCODE = 'invalid_parameter_value', DETAIL = SQLERRM;
			END;
		END IF;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp.check_blocked(text[]) IS 'Internal: an error where the argument blocked of cdp.set_rule() makes no sense.';

-- Values as the namespace spells them, so that they are found in whatever form they were typed.
CREATE FUNCTION cdp.read_blocked(namespace text, blocked text[]) RETURNS text[]
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN (SELECT array_agg(CASE WHEN b.entry LIKE '^%' THEN b.entry ELSE coalesce(cdp.value(cdp.try_identifier(namespace, b.entry)), b.entry) END ORDER BY b.place)
			FROM unnest(blocked) WITH ORDINALITY AS b (entry, place));
COMMENT ON FUNCTION cdp.read_blocked(text, text[]) IS 'Internal: the argument blocked of cdp.set_rule() as cdp.namespace keeps it: normalised, where the namespace takes the value; NULL for an empty list.';

-- The links that a rule refuses, with the profiles they would join.
CREATE FUNCTION cdp.refused_evidence() RETURNS TABLE (a bigint, b bigint, trust integer, first_at timestamptz, a_profile bigint, b_profile bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT DISTINCT ON (l.a, l.b) l.a, l.b, s.trust, l.first_at, x.profile_id, y.profile_id
		FROM cdp.link l JOIN cdp.source s USING (source) JOIN cdp.identity x ON x.identity_id = l.a JOIN cdp.identity y ON y.identity_id = l.b
		WHERE l.refused ORDER BY l.a, l.b, s.trust DESC, l.first_at;
END
$function$;
COMMENT ON FUNCTION cdp.refused_evidence() IS 'Internal: refused links with their best evidence, and the profiles of their ends.';

-- What the pipeline must do when a limit becomes another: queries for cdp.change_graph().
CREATE FUNCTION cdp.limit_changed(was integer, becomes integer, counted text, OUT checked text, OUT retry text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF becomes IS NOT NULL AND (was IS NULL OR becomes < was) THEN
		checked := format('SELECT p.profile_id FROM cdp.profile p WHERE %s > %s', format(counted, 'p'), becomes);
	ELSIF was IS NOT NULL AND (becomes IS NULL OR becomes > was) THEN
		retry := format('SELECT r.a, r.b, r.trust, r.first_at FROM cdp.refused_evidence() r
			JOIN cdp.profile x ON x.profile_id = r.a_profile JOIN cdp.profile y ON y.profile_id = r.b_profile WHERE %s + %s > %s',
			format(counted, 'x'), format(counted, 'y'), was);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.limit_changed(integer, integer, text) IS
	'Internal: the profiles that are over a limit which became tighter, or the refused links that a looser one may let be; counted: how many a profile has, as an expression over %s, a row of cdp.profile.';

CREATE FUNCTION cdp.priority_changed(namespace text, OUT checked text, OUT reanchored text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- profiles whose links may be taken in another order, and those whose strongest identifier is another
	checked := format($sql$
		SELECT a_profile AS profile_id FROM cdp.refused_evidence() UNION SELECT b_profile FROM cdp.refused_evidence()
		UNION
		SELECT s.profile_id FROM (
			SELECT DISTINCT ON (i.profile_id) i.profile_id, i.identity_id
			FROM cdp.identity i JOIN cdp.namespace n ON n.namespace = cdp.namespace(i.identifier)
			WHERE i.profile_id IN (SELECT o.profile_id FROM cdp.identity o WHERE cdp.namespace(o.identifier) = %L)
			ORDER BY i.profile_id, n.priority, i.identifier) s
		WHERE s.profile_id NOT IN (0, s.identity_id)
	$sql$, namespace);
	reanchored := format('SELECT i.identity_id FROM cdp.identity i WHERE cdp.namespace(i.identifier) = %L AND NOT i.blocked', namespace);
END
$function$;
COMMENT ON FUNCTION cdp.priority_changed(text) IS 'Internal: what a change of a namespace''s priority can concern, as queries for cdp.change_graph().';

CREATE FUNCTION cdp.blocked_changed(namespace text, was text[], becomes text[], OUT blocked text, OUT unlinked text, OUT reread text, OUT judged text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	blocked := format($sql$
		SELECT i.identity_id FROM cdp.identity i
		WHERE NOT i.blocked AND cdp.is_blocked(i.identifier, %L)
	$sql$, jsonb_build_object(namespace, becomes));
	unlinked := format('SELECT l.a, l.b FROM (%1$s) i JOIN cdp.link l ON l.a = i.identity_id UNION SELECT l.a, l.b FROM (%1$s) i JOIN cdp.link l ON l.b = i.identity_id', blocked);
	IF was IS NULL OR was <@ becomes THEN
		RETURN;
	END IF;
	-- which events carry a value that was blocked is written nowhere
	reread := format($sql$
		SELECT e.event_id, e.identity_id AS place, o.ids, e.source, least(e."timestamp", e.received_at) AS at, e.message_id
		FROM cdp.event e CROSS JOIN LATERAL cdp.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id, e.previous_id, e.identifiers,
			e.properties, e.traits, e.context, e."timestamp", e.sent_at, e.original_timestamp, e.received_at, e.source, $2) o
		WHERE EXISTS (SELECT FROM unnest(o.ids) AS u (identifier) WHERE cdp.is_blocked(u.identifier, %L) AND NOT cdp.is_blocked(u.identifier, %L))
	$sql$, jsonb_build_object(namespace, was), jsonb_build_object(namespace, becomes));
	judged := format($sql$
		SELECT i.identity_id FROM cdp.identity i JOIN cdp.verdict v ON v.a = i.identifier AND v.kind IN ('shared', 'not_shared')
		WHERE i.blocked AND cdp.namespace(i.identifier) = %L
	$sql$, namespace);
END
$function$;
COMMENT ON FUNCTION cdp.blocked_changed(text, text[], text[]) IS 'Internal: what a change of a namespace''s blocked values concerns, as queries for cdp.change_graph().';

CREATE FUNCTION cdp.max_links_changed(namespace text, becomes jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT i.identity_id FROM cdp.identity i
		WHERE cdp.namespace(i.identifier) = %1$L AND NOT i.blocked
		  AND i.shared <> EXISTS (SELECT FROM jsonb_each_text(i.links) l WHERE l.key <> %1$L AND l.value::integer > cdp.max_links_to(%2$L, l.key))
	$sql$, namespace, becomes);
END
$function$;
COMMENT ON FUNCTION cdp.max_links_changed(text, jsonb) IS 'Internal: the identities of a namespace that its new max_links may make shared or not, as a query for cdp.change_graph().';

CREATE FUNCTION cdp.check_rule(namespace text, max_per_profile integer, blocked text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF namespace IS NULL OR namespace !~ '^[a-z][a-z0-9_.-]{0,62}$' THEN
		RAISE EXCEPTION 'namespace "%" is invalid', namespace USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A namespace is a letter followed by up to 62 letters, digits, "_", "." or "-", in lower case.';
	END IF;
	IF max_per_profile < 1 AND max_per_profile <> -2147483648 THEN
		RAISE EXCEPTION 'max_per_profile must be at least 1' USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL is any number.';
	END IF;
	IF blocked <> '{{unchanged}}' THEN
		PERFORM cdp.check_blocked(blocked);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.check_rule(text, integer, text[]) IS 'Internal: an error where an argument of cdp.set_rule() makes no sense.';

-- An argument that is left out has a value that no caller would give; NULL means something.
CREATE FUNCTION cdp.set_rule(namespace text, priority integer DEFAULT -2147483648, max_per_profile integer DEFAULT -2147483648,
	blocked text[] DEFAULT '{{unchanged}}', max_links text DEFAULT 'unchanged') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	was record;
	becomes record;
	by_limit record;
	by_priority record;
	by_blocked record;
	by_links text;
BEGIN
	PERFORM cdp.check_rule(namespace, max_per_profile, blocked);
	PERFORM cdp.start_batch();
	PERFORM cdp.notice_unseen('namespace', namespace);
	INSERT INTO cdp.namespace AS n (namespace, priority, max_links)
	SELECT set_rule.namespace, 50, cdp.default_max_links(set_rule.namespace)
	WHERE NOT EXISTS (SELECT FROM cdp.namespace o WHERE o.namespace = set_rule.namespace);
	SELECT n.* INTO STRICT was FROM cdp.namespace n WHERE n.namespace = set_rule.namespace;
	UPDATE cdp.namespace n SET
		priority = CASE WHEN set_rule.priority IS DISTINCT FROM -2147483648 THEN coalesce(set_rule.priority, 50) ELSE n.priority END,
		max_per_profile = CASE WHEN set_rule.max_per_profile IS DISTINCT FROM -2147483648 THEN set_rule.max_per_profile ELSE n.max_per_profile END,
		blocked = CASE WHEN set_rule.blocked IS DISTINCT FROM '{{unchanged}}' THEN cdp.read_blocked(set_rule.namespace, set_rule.blocked) ELSE n.blocked END,
		max_links = CASE WHEN set_rule.max_links IS DISTINCT FROM 'unchanged' THEN cdp.read_max_links(set_rule.max_links) ELSE n.max_links END
	WHERE n.namespace = set_rule.namespace;
	SELECT n.* INTO STRICT becomes FROM cdp.namespace n WHERE n.namespace = set_rule.namespace;

	IF was.max_per_profile IS NULL AND becomes.max_per_profile IS NOT NULL THEN
		UPDATE cdp.profile p SET limited = p.limited || jsonb_build_object(set_rule.namespace, c.number)
		FROM (SELECT i.profile_id, count(*) AS number FROM cdp.identity i WHERE cdp.namespace(i.identifier) = set_rule.namespace GROUP BY i.profile_id) c
		WHERE p.profile_id = c.profile_id;
	END IF;
	SELECT * INTO by_limit FROM cdp.limit_changed(was.max_per_profile, becomes.max_per_profile, format('coalesce((%%s.limited ->> %L)::bigint, 0)', namespace));
	SELECT * INTO by_priority FROM cdp.priority_changed(namespace) WHERE was.priority <> becomes.priority;
	SELECT * INTO by_blocked FROM cdp.blocked_changed(namespace, was.blocked, becomes.blocked) WHERE was.blocked IS DISTINCT FROM becomes.blocked;
	SELECT * INTO by_links FROM cdp.max_links_changed(namespace, becomes.max_links) WHERE was.max_links IS DISTINCT FROM becomes.max_links;
	IF by_blocked.reread IS NOT NULL OR by_priority.reanchored IS NOT NULL THEN
		PERFORM cdp.check_log();
	END IF;
	PERFORM cdp.change_graph(unlinked => by_blocked.unlinked, blocked => by_blocked.blocked, retry => by_limit.retry,
		checked => nullif(concat_ws(' UNION ', by_limit.checked, by_priority.checked), ''),
		judged => nullif(concat_ws(' UNION ', by_links, by_blocked.judged), ''),
		reread => by_blocked.reread, reanchored => by_priority.reanchored);
	IF becomes.max_per_profile IS NULL THEN
		UPDATE cdp.profile p SET limited = p.limited - set_rule.namespace WHERE p.limited ? set_rule.namespace;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.set_rule(text, integer, integer, text[], text) IS
$comment$Changes the rules of a namespace, for all history; one not listed yet is added with the default rules. An argument that is left out changes nothing. Name the arguments.
priority: smaller is stronger; NULL: 50, as of a namespace without a rule. max_per_profile: how many identifiers of it one person can have; NULL: any number.
max_links: an identifier is shared, and links no more, where it is linked to more than so many of another namespace: one number for all of them (an integer, see the other forms), or a JSON object, in text or as jsonb, of namespace to number, * for all others, null for any number; it replaces all numbers there were; NULL: never shared.
blocked: values that mean nothing, exact in any case and normalised as the namespace does, or regular expressions if they begin with ^, which see the normalised value; it replaces the list; NULL: none. A value that is blocked is taken off all events; one that is not any more is looked for in the whole log.
Error 22023, which names the argument: a limit below 1, a number that is negative or not whole, an unknown namespace in max_links, an invalid regular expression, a blank value.$comment$;

CREATE FUNCTION cdp.set_rule(namespace text, max_links integer, priority integer DEFAULT -2147483648, max_per_profile integer DEFAULT -2147483648,
	blocked text[] DEFAULT '{{unchanged}}') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp.set_rule(namespace, priority, max_per_profile, blocked, max_links::text);
END
$function$;
COMMENT ON FUNCTION cdp.set_rule(text, integer, integer, integer, text[]) IS 'The same, with one number of links for all other namespaces. Name the arguments: cdp.set_rule(''email'', max_links => 5).';

CREATE FUNCTION cdp.set_rule(namespace text, max_links jsonb, priority integer DEFAULT -2147483648, max_per_profile integer DEFAULT -2147483648,
	blocked text[] DEFAULT '{{unchanged}}') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp.set_rule(namespace, priority, max_per_profile, blocked, max_links::text);
END
$function$;
COMMENT ON FUNCTION cdp.set_rule(text, jsonb, integer, integer, text[]) IS
	'The same, with max_links as jsonb, which is the type of cdp.namespace.max_links. Name the arguments: cdp.set_rule(''email'', max_links => jsonb_build_object(''user_id'', 5)).';

CREATE FUNCTION cdp.set_cap(cap integer) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	was integer;
	by_cap record;
BEGIN
	IF cap < 1 THEN
		RAISE EXCEPTION 'cap must be at least 1' USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL is any number.';
	END IF;
	PERFORM cdp.start_batch();
	was := (SELECT s.cap FROM cdp.state s);
	UPDATE cdp.state SET cap = set_cap.cap;
	SELECT * INTO by_cap FROM cdp.limit_changed(was, set_cap.cap, '%s.identifiers::bigint');
	PERFORM cdp.change_graph(checked => by_cap.checked, retry => by_cap.retry);
END
$function$;
COMMENT ON FUNCTION cdp.set_cap(integer) IS 'Sets how many identifiers one person can have, for all history; NULL: any number. Error: below 1 (22023).';

-- How long something counts, in hours: days differ in length with the time zone, months with themselves.
CREATE FUNCTION cdp.read_expiry(expires_after interval) RETURNS interval
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF extract(year FROM expires_after) <> 0 OR extract(month FROM expires_after) <> 0 THEN
		RAISE EXCEPTION 'expires_after has months or years' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'They are not of one length.', HINT = 'Give days: interval ''365 days''.';
	END IF;
	-- a bound that keeps every time it is added to a time
	IF expires_after <= interval '0' OR expires_after > interval '36525 days' THEN
		RAISE EXCEPTION 'expires_after is %, it must be more than nothing and at most 100 years', expires_after USING ERRCODE = 'invalid_parameter_value',
			HINT = 'NULL: what the source says does not lapse.';
	END IF;
	RETURN make_interval(hours => 24 * extract(day FROM expires_after)::integer) + (expires_after - make_interval(days => extract(day FROM expires_after)::integer));
END
$function$;
COMMENT ON FUNCTION cdp.read_expiry(interval) IS 'Internal: the argument expires_after of cdp.set_source() in hours; an error where it makes no sense.';

CREATE FUNCTION cdp.check_source(source text, trust integer, party text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF coalesce(source, '') = '' OR octet_length(source) > 63 OR source ~ '[[:cntrl:]]' THEN
		RAISE EXCEPTION 'source "%" is invalid', source USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'The name of a source has 1 to 63 bytes and no control characters.';
	END IF;
	IF trust NOT BETWEEN -128 AND 127 THEN
		RAISE EXCEPTION 'trust is %, it must be from -128 to 127', trust USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF party NOT IN ('first', 'second', 'third') THEN
		RAISE EXCEPTION 'party "%" is unknown', party USING ERRCODE = 'invalid_parameter_value', HINT = 'It is first, second or third.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.check_source(text, integer, text) IS 'Internal: an error where an argument of cdp.set_source() makes no sense.';

-- An argument that is left out has a value that no caller would give; NULL means something.
CREATE FUNCTION cdp.set_max_identifiers(number integer) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF number IS NULL OR number NOT BETWEEN 1 AND 256 THEN
		RAISE EXCEPTION 'the number of identifiers must be from 1 to 256' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'Every two identifiers of an event make a link.';
	END IF;
	PERFORM cdp.refresh_lock(true);
	UPDATE cdp.state SET max_identifiers = number;
END
$function$;
COMMENT ON FUNCTION cdp.set_max_identifiers(integer) IS
	'Sets how many identifiers one event can carry, 32 by default: rows with more that are taken from now on are quarantined as too_many_identifiers. Events in the log stay as they are; cdp.replay() brings back what a smaller number has kept out. Error: not from 1 to 256 (22023).';

CREATE FUNCTION cdp.set_source(source text, trust integer DEFAULT NULL, party text DEFAULT NULL,
	expires_after interval DEFAULT '-1 microsecond', licence text DEFAULT 'unchanged') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	expiry interval := CASE WHEN expires_after <> interval '-1 microsecond' THEN cdp.read_expiry(expires_after) END;
	was record;
	becomes record;
BEGIN
	PERFORM cdp.check_source(source, trust, party);
	PERFORM cdp.start_batch();
	IF trust IS NULL AND party IS NULL AND NOT EXISTS (SELECT FROM cdp.source s WHERE s.source = set_source.source) THEN
		RAISE EXCEPTION 'source "%" is not known yet: trust or party must be given', source USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO cdp.source (source, first_batch_id, last_batch_id)
	SELECT set_source.source, t.batch_id + 1, t.batch_id + 1 FROM cdp.state t ON CONFLICT DO NOTHING;
	SELECT s.* INTO STRICT was FROM cdp.source s WHERE s.source = set_source.source;
	UPDATE cdp.source s SET
		trust = coalesce(set_source.trust, CASE set_source.party WHEN 'first' THEN 3 WHEN 'second' THEN 2 WHEN 'third' THEN 1 END, s.trust),
		party = coalesce(set_source.party, s.party),
		expires_after = CASE WHEN set_source.expires_after IS DISTINCT FROM interval '-1 microsecond' THEN expiry ELSE s.expires_after END,
		licence = CASE WHEN set_source.licence IS DISTINCT FROM 'unchanged' THEN set_source.licence ELSE s.licence END
	WHERE s.source = set_source.source;
	SELECT s.* INTO STRICT becomes FROM cdp.source s WHERE s.source = set_source.source;
	IF becomes.trust < was.trust THEN
		-- links inside rank behind what was the last of them
		UPDATE cdp.profile p SET last_trust = NULL, last_at = NULL
		FROM (SELECT i.profile_id FROM cdp.link l JOIN cdp.identity i ON i.identity_id = l.a WHERE l.source = set_source.source) l
		WHERE p.profile_id = l.profile_id;
	END IF;
	IF (becomes.trust, becomes.expires_after) IS DISTINCT FROM (was.trust, was.expires_after) THEN
		PERFORM cdp.check_log();
	END IF;
	PERFORM cdp.change_graph(
		checked => CASE WHEN becomes.trust <> was.trust
			THEN 'SELECT a_profile AS profile_id FROM cdp.refused_evidence() UNION SELECT b_profile FROM cdp.refused_evidence()' END,
		traits_changed => CASE WHEN becomes.trust <> was.trust OR becomes.expires_after IS DISTINCT FROM was.expires_after
			THEN cdp.refold_query(format('e.source = %L', source)) END);
END
$function$;
COMMENT ON FUNCTION cdp.set_source(text, integer, text, interval, text) IS
$comment$Says what a feed is, for all history. An argument that is left out changes nothing; a feed not seen yet is listed, and needs trust or party. Name the arguments.
party: first, second or third. trust, -128 to 127, more is better: of links that a rule lets only one of be, that of the more trusted feed is; of two values of a trait the more trusted feed's (unless the trait's rule says otherwise). A party without a trust sets it: first 3, second 2, third 1.
expires_after: so long after it was said, what the feed says of a person counts no more, and what other evidence says shows again; from the next refresh on, which needs no rows for it. A day in it is 24 hours; NULL: it does not lapse. licence: a note on what the data may be used for; NULL: none.
Error 22023, which names the argument: an invalid name, a trust out of range, another party, neither trust nor party for a feed not known yet, an expires_after of months, of nothing or less, or of more than 100 years.$comment$;

REVOKE ALL ON FUNCTION cdp.read_max_links(text), cdp.check_blocked(text[]), cdp.read_blocked(text, text[]), cdp.refused_evidence(), cdp.limit_changed(integer, integer, text),
	cdp.priority_changed(text), cdp.blocked_changed(text, text[], text[]), cdp.max_links_changed(text, jsonb), cdp.check_rule(text, integer, text[]),
	cdp.set_rule(text, integer, integer, text[], text), cdp.set_rule(text, integer, integer, integer, text[]), cdp.set_rule(text, jsonb, integer, integer, text[]), cdp.set_cap(integer), cdp.set_max_identifiers(integer),
	cdp.read_expiry(interval), cdp.check_source(text, integer, text), cdp.set_source(text, integer, text, interval, text) FROM PUBLIC;
