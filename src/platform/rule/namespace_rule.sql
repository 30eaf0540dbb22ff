-- The rules of namespaces, and the limits that are not of one namespace (key *).

CREATE FUNCTION cdp_internal.check_namespaces(rules jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	known constant text[] := '{priority,max_per_profile,max_links,blocked,mailbox}';
	rule record;
BEGIN
	FOR rule IN SELECT r.key AS namespace, r.value AS given FROM jsonb_each(rules) r ORDER BY r.key COLLATE "C" LOOP
		IF rule.namespace !~ '^[a-z][a-z0-9_.-]{0,62}$' THEN
			RAISE EXCEPTION 'namespace "%" is invalid', left(rule.namespace, 64)
				USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'A namespace is a letter followed by up to 62 letters, digits, "_", "." or "-", '
					'in lower case.',
				HINT = 'Rules that are not of one namespace stand under the key "*".';
		END IF;
		IF rule.namespace = ANY ('{cap,max_identifiers,sources}')
				AND (CASE jsonb_typeof(rule.given) WHEN 'object' THEN rule.given - known <> '{}' ELSE true END) THEN
			RAISE EXCEPTION '"%" stands in place of a namespace', rule.namespace
				USING ERRCODE = 'invalid_parameter_value',
				HINT = format('Write it under the key "*": {"*": {"%s": …}}.', rule.namespace);
		END IF;
		IF rule.given <> 'null' THEN
			PERFORM cdp_internal.check_keys(rule.given, known, format('namespace "%s"', rule.namespace));
		END IF;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_namespaces(jsonb) IS
	'Internal: raises an error if a document of rules, without the key *, has a key that is not a namespace, or an '
	'unknown rule of one.';

CREATE FUNCTION cdp_internal.read_max_links(namespace text, was jsonb, given jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	what constant text := format('max_links of namespace "%s"', namespace);
	standard constant jsonb := cdp_internal.default_max_links(namespace);
	known text[];
	wrong text;
BEGIN
	IF given = 'null' THEN
		RETURN standard;
	ELSIF given = '"unlimited"' THEN
		RETURN NULL;
	ELSIF jsonb_typeof(given) = 'number' THEN
		RETURN jsonb_build_object('*', cdp_internal.read_whole_number(given, what, 0, unlimited => true));
	ELSIF jsonb_typeof(given) <> 'object' THEN
		RAISE EXCEPTION '% is %', what, left(given::text, 64) USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'It must be an object of namespace to number, one number for all, "unlimited", '
				'or null for the default.',
			HINT = 'Examples: 20, {"user_id": 5, "device_id": "unlimited", "*": 20}.';
	END IF;
	known := ARRAY(SELECT n.namespace FROM cdp_data.namespace n ORDER BY n.namespace);
	wrong := (
		SELECT min(l.key COLLATE "C")
		FROM jsonb_object_keys(given) AS l (key)
		WHERE l.key <> '*' AND l.key <> ALL (known));
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '% has the unknown namespace "%"', what, left(wrong, 64)
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A namespace is known once it was seen or is a key of a document of rules; * stands for all '
				'others.',
			HINT = cdp_internal.hint_at(wrong, known);
	END IF;
	-- A namespace set to null gets the default's number for it; if the default has none, that of * applies.
	RETURN (
		SELECT coalesce(was, '{}') - coalesce(array_agg(l.key), '{}')
			|| coalesce(jsonb_object_agg(l.key, l.number) FILTER (WHERE l.number IS NOT NULL), '{}')
		FROM (
			SELECT g.key, CASE
				WHEN g.value = 'null' THEN standard -> g.key
				ELSE coalesce(to_jsonb(cdp_internal.read_whole_number(g.value, format('"%s" in %s', g.key, what), 0,
					unlimited => true)), 'null') END AS number
			FROM jsonb_each(given) g) l);
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_max_links(text, jsonb, jsonb) IS
	'Internal: reads max_links of a document; returns it as stored in cdp_data.namespace. was: the present value.';

-- Stores values in the normal form of their namespace, so that they match however they are spelled.
CREATE FUNCTION cdp_internal.read_blocked(namespace text, given jsonb) RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	what constant text := format('blocked of namespace "%s"', namespace);
	entry jsonb;
BEGIN
	IF given = 'null' THEN
		RETURN NULL;
	END IF;
	IF jsonb_typeof(given) <> 'array' THEN
		RAISE EXCEPTION '% must be an array of strings', what USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('It is of type %s.', jsonb_typeof(given));
	END IF;
	FOR entry IN
		SELECT b.entry FROM jsonb_array_elements(given) WITH ORDINALITY AS b (entry, place) ORDER BY b.place
	LOOP
		IF jsonb_typeof(entry) <> 'string' OR btrim(entry #>> '{}') = '' THEN
			RAISE EXCEPTION '% has an entry that is blank or not a string', what
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		IF entry #>> '{}' LIKE '^%' THEN
			BEGIN
				PERFORM '' ~* (entry #>> '{}');
			EXCEPTION WHEN invalid_regular_expression THEN
				RAISE EXCEPTION '% has the invalid regular expression "%"', what, entry #>> '{}'
					USING ERRCODE = 'invalid_parameter_value', DETAIL = SQLERRM;
			END;
		END IF;
	END LOOP;
	RETURN (
		SELECT array_agg(CASE WHEN b.entry LIKE '^%' THEN b.entry
			ELSE coalesce(cdp.value(cdp.try_identifier(namespace, b.entry)), b.entry) END ORDER BY b.place)
		FROM jsonb_array_elements_text(given) WITH ORDINALITY AS b (entry, place));
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_blocked(text, jsonb) IS
	'Internal: reads blocked of a document; returns it as stored in cdp_data.namespace: each value normalised if the '
	'namespace accepts it; NULL: no list.';

CREATE FUNCTION cdp_internal.read_mailbox(namespace text, given jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF namespace <> 'email' THEN
		RAISE EXCEPTION 'namespace "%" has no mailboxes', namespace USING ERRCODE = 'invalid_parameter_value',
			HINT = 'mailbox is a rule of namespace email alone.';
	ELSIF given NOT IN ('null', '"exact"', '"gmail"', '"plus"') THEN
		RAISE EXCEPTION 'mailbox of namespace "%" is %', namespace, left(given::text, 64)
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'It must be exact, gmail or plus, or null for the default.',
			HINT = cdp_internal.hint_at(given #>> '{}', '{exact,gmail,plus}');
	END IF;
	RETURN nullif(given #>> '{}', 'exact');
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_mailbox(text, jsonb) IS
	'Internal: reads mailbox of a document; returns it as stored in cdp_data.namespace; NULL: exact.';

CREATE FUNCTION cdp_internal.tell_uncleaned() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	folded bigint := (SELECT sum(b.events) FROM cdp_data.base_row b);
BEGIN
	IF folded > 0 THEN
		RAISE NOTICE '% event(s) keep the mailboxes that they had', folded
			USING DETAIL = 'They have left the log, so their e-mail addresses cannot be read anew.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.tell_uncleaned() IS
	'Internal: tells, by a notice, how many events have left the log, and so keep what addresses were joined to.';

CREATE FUNCTION cdp_internal.read_namespace(namespace text, given jsonb,
	INOUT priority integer, INOUT max_per_profile integer, INOUT max_links jsonb, INOUT blocked text[],
	INOUT mailbox text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	of_namespace constant text := format(' of namespace "%s"', namespace);
	standard record;
BEGIN
	SELECT * INTO STRICT standard FROM cdp_internal.default_rule(namespace);
	IF given = 'null' THEN
		given := '{"priority": null, "max_per_profile": null, "max_links": null, "blocked": null}';
		mailbox := NULL;
	END IF;
	IF given ? 'priority' THEN
		priority := CASE WHEN given -> 'priority' = 'null' THEN standard.priority
			ELSE cdp_internal.read_whole_number(given -> 'priority', 'priority' || of_namespace, -2147483648) END;
	END IF;
	IF given ? 'max_per_profile' THEN
		max_per_profile := CASE WHEN given -> 'max_per_profile' = 'null' THEN standard.max_per_profile
			ELSE cdp_internal.read_whole_number(given -> 'max_per_profile', 'max_per_profile' || of_namespace, 1,
				unlimited => true) END;
	END IF;
	IF given ? 'max_links' THEN
		max_links := cdp_internal.read_max_links(namespace, max_links, given -> 'max_links');
	END IF;
	IF given ? 'blocked' THEN
		blocked := cdp_internal.read_blocked(namespace, given -> 'blocked');
	END IF;
	IF given ? 'mailbox' THEN
		mailbox := cdp_internal.read_mailbox(namespace, given -> 'mailbox');
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_namespace(text, jsonb, integer, integer, jsonb, text[], text) IS
	'Internal: applies the part of a document about a namespace to its present rules; returns the new ones.';

CREATE FUNCTION cdp_internal.count_limited(namespace text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	UPDATE cdp_data.profile p SET limited = p.limited || jsonb_build_object(count_limited.namespace, c.number)
	FROM (
		SELECT i.profile_id,
			   count(DISTINCT CASE WHEN i.class_id = 0 THEN i.identifier_id ELSE i.class_id END) AS number
		FROM cdp_data.identifier i
		WHERE cdp.namespace(i.identifier) = count_limited.namespace AND i.profile_id <> 0
		GROUP BY i.profile_id) c
	WHERE p.profile_id = c.profile_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.count_limited(text) IS
	'Internal: counts the identifiers of a namespace in each profile, those of one class as one, when the namespace '
	'gets a limit.';

CREATE FUNCTION cdp_internal.change_namespaces(rules jsonb) RETURNS TABLE (kind text, query text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	was record;
	becomes record;
	was_blocked jsonb := '{}';
	becomes_blocked jsonb := '{}';
BEGIN
	-- Add all new namespaces before reading the first rule: it may refer to any of them.
	PERFORM cdp_internal.notice_unseen('namespace', k.key)
	FROM (SELECT r.key FROM jsonb_object_keys(rules) AS r (key) ORDER BY 1) k;
	INSERT INTO cdp_data.namespace (namespace, priority, max_links)
	SELECT k.key, d.priority, cdp_internal.default_max_links(k.key)
	FROM jsonb_object_keys(rules) AS k (key)
	CROSS JOIN LATERAL cdp_internal.default_rule(k.key) d
	WHERE NOT EXISTS (SELECT FROM cdp_data.namespace n WHERE n.namespace = k.key);
	FOR was IN SELECT n.* FROM cdp_data.namespace n WHERE rules ? n.namespace ORDER BY n.namespace LOOP
		SELECT * INTO STRICT becomes FROM cdp_internal.read_namespace(was.namespace, rules -> was.namespace,
			was.priority, was.max_per_profile, was.max_links, was.blocked, was.mailbox);
		UPDATE cdp_data.namespace n
		SET priority = becomes.priority, max_per_profile = becomes.max_per_profile, max_links = becomes.max_links,
			blocked = becomes.blocked, mailbox = becomes.mailbox
		WHERE n.namespace = was.namespace;
		IF was.mailbox IS DISTINCT FROM becomes.mailbox THEN
			-- which events have other identifiers then, only cleaning them anew says
			RETURN QUERY SELECT 'restitched', was.namespace;
			IF was.mailbox IS NOT NULL AND becomes.mailbox IS DISTINCT FROM 'plus' THEN
				PERFORM cdp_internal.tell_uncleaned();
			END IF;
		END IF;
		IF was.max_per_profile IS NULL AND becomes.max_per_profile IS NOT NULL THEN
			PERFORM cdp_internal.count_limited(was.namespace);
		END IF;
		RETURN QUERY SELECT c.* FROM cdp_internal.concerned_by_limit(was.max_per_profile, becomes.max_per_profile,
			format('coalesce((%%s.limited ->> %L)::bigint, 0)', was.namespace)) c;
		IF was.priority <> becomes.priority THEN
			RETURN QUERY SELECT c.* FROM cdp_internal.concerned_by_priority(was.namespace) c;
		END IF;
		IF was.max_links IS DISTINCT FROM becomes.max_links THEN
			RETURN QUERY SELECT c.* FROM cdp_internal.concerned_by_max_links(was.namespace, becomes.max_links) c;
			-- how many aliases are believed
			IF was.namespace = 'user_id' AND cdp_internal.max_links_to(was.max_links, 'user_id')
					IS DISTINCT FROM cdp_internal.max_links_to(becomes.max_links, 'user_id') THEN
				RETURN QUERY SELECT c.* FROM cdp_internal.concerned_by_aliases(NULL) c;
			END IF;
		END IF;
		IF was.blocked IS DISTINCT FROM becomes.blocked THEN
			-- if mailbox changes, too, everything is made anew
			was_blocked := was_blocked || jsonb_build_object(was.namespace,
				cdp_internal.respell_blocked(was.namespace, was.blocked, becomes.mailbox));
			becomes_blocked := becomes_blocked || jsonb_build_object(was.namespace,
				cdp_internal.respell_blocked(was.namespace, becomes.blocked, becomes.mailbox));
		END IF;
	END LOOP;
	IF was_blocked <> '{}' THEN
		RETURN QUERY
			SELECT c.*
			FROM (SELECT cdp_internal.blocked_rules() AS rules) r
			CROSS JOIN LATERAL cdp_internal.concerned_by_blocked(r.rules || was_blocked, r.rules || becomes_blocked) c;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.change_namespaces(jsonb) IS
	'Internal: writes the rules of namespaces in a document; returns what the change concerns, for '
	'cdp_internal.change_graph().';

CREATE FUNCTION cdp_internal.drop_limited(rules jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	freed text[] := ARRAY(
		SELECT n.namespace
		FROM cdp_data.namespace n
		WHERE rules ? n.namespace AND n.max_per_profile IS NULL);
BEGIN
	UPDATE cdp_data.profile p SET limited = p.limited - freed WHERE p.limited ?| freed;
END
$function$;
COMMENT ON FUNCTION cdp_internal.drop_limited(jsonb) IS
	'Internal: drops the counts in profiles for those namespaces of a document that have no limit now.';

CREATE FUNCTION cdp_internal.change_limits(given jsonb) RETURNS TABLE (kind text, query text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	was integer := (SELECT s.cap FROM cdp_data.state s);
BEGIN
	IF given -> 'cap' = 'null' THEN
		UPDATE cdp_data.state SET cap = DEFAULT;
	ELSIF given ? 'cap' THEN
		UPDATE cdp_data.state SET cap = cdp_internal.read_whole_number(given -> 'cap', 'cap', 1, unlimited => true);
	END IF;
	IF given -> 'max_identifiers' = 'null' THEN
		UPDATE cdp_data.state SET max_identifiers = DEFAULT;
	ELSIF given ? 'max_identifiers' THEN
		-- at most 256: each two identifiers of an event make a link
		UPDATE cdp_data.state
		SET max_identifiers = cdp_internal.read_whole_number(given -> 'max_identifiers', 'max_identifiers', 1, 256);
	END IF;
	RETURN QUERY
		SELECT c.*
		FROM cdp_data.state s
		CROSS JOIN LATERAL cdp_internal.concerned_by_limit(was, s.cap, '%s.identifier_count::bigint') c;
END
$function$;
COMMENT ON FUNCTION cdp_internal.change_limits(jsonb) IS
	'Internal: writes the limits in a document (cap, max_identifiers); returns what the change concerns, for '
	'cdp_internal.change_graph().';

REVOKE ALL ON FUNCTION cdp_internal.check_namespaces(jsonb), cdp_internal.read_max_links(text, jsonb, jsonb),
	cdp_internal.read_blocked(text, jsonb), cdp_internal.read_mailbox(text, jsonb), cdp_internal.tell_uncleaned(),
	cdp_internal.read_namespace(text, jsonb, integer, integer, jsonb, text[], text),
	cdp_internal.count_limited(text), cdp_internal.change_namespaces(jsonb), cdp_internal.drop_limited(jsonb),
	cdp_internal.change_limits(jsonb) FROM PUBLIC;
