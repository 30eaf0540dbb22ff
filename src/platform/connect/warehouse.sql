-- Warehouses that others fill: the tables of Segment's and RudderStack's Postgres destinations, a table for each kind
-- of call and for each event, and Snowplow's atomic.events.

CREATE FUNCTION cdp_internal.has_columns(relation oid, names text[]) RETURNS boolean
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN (
		SELECT count(*) FROM pg_attribute a
		WHERE a.attrelid = relation AND a.attname = ANY (names) AND a.attnum > 0 AND NOT a.attisdropped)
		= cardinality(names);
COMMENT ON FUNCTION cdp_internal.has_columns(oid, text[]) IS 'Internal: returns whether a table has all these columns.';

CREATE FUNCTION cdp_internal.warehouse_tables(schema name) RETURNS TABLE (relation oid, name text, kind text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT t.oid, t.relname::text,
			CASE WHEN t.relname = 'events'
					AND cdp_internal.has_columns(t.oid, '{event_id,collector_tstamp,domain_userid}') THEN 'snowplow'
				WHEN NOT cdp_internal.has_columns(t.oid, '{id,received_at}') THEN NULL
				WHEN t.relname IN ('users', 'accounts', 'rudder_discards') THEN NULL
				WHEN t.relname IN ('identifies', 'tracks', 'pages', 'screens', 'groups', 'aliases') THEN t.relname::text
				WHEN cdp_internal.has_columns(t.oid, '{event,event_text}') THEN 'event' END
		FROM pg_class t
		JOIN pg_namespace n ON n.oid = t.relnamespace
		WHERE n.nspname = warehouse_tables.schema AND t.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT t.relispartition
		ORDER BY t.relname;
END
$function$;
COMMENT ON FUNCTION cdp_internal.warehouse_tables(name) IS
	'Internal: returns the tables of a schema, with what their rows are: calls of a kind, events of one name, or '
	'events of Snowplow; NULL: what is not connected.';

-- Destinations make context.app.version a column context_app_version: names that the specification has under a part of
-- the context go back there, others stay as they are.
CREATE FUNCTION cdp_internal.warehouse_context(relation oid) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	parts text[] := '{app,campaign,device,library,location,network,os,page,referrer,screen,traits,user_agent_data}';
	names jsonb := '{"user_agent": "userAgent", "user_agent_data": "userAgentData", "group_id": "groupId",
		"external_ids": "externalIds", "advertising_id": "advertisingId", "ad_tracking_enabled": "adTrackingEnabled"}';
BEGIN
	RETURN (
		WITH columns AS (
			SELECT substr(a.attname, 9) AS name, quote_ident(a.attname) AS expression, a.attnum
			FROM pg_attribute a
			WHERE a.attrelid = relation AND a.attname LIKE 'context\_%' AND a.attnum > 0 AND NOT a.attisdropped
		), placed AS (
			SELECT c.*, (
				SELECT p.part FROM unnest(parts) AS p (part)
				WHERE c.name LIKE replace(p.part, '_', '\_') || '\_%' ORDER BY length(p.part) DESC LIMIT 1) AS part
			FROM columns c
		), members AS (
			SELECT p.part, jsonb_object_agg(
				CASE WHEN p.part IS NULL THEN coalesce(names ->> p.name, p.name)
					ELSE coalesce(names ->> substr(p.name, length(p.part) + 2), substr(p.name, length(p.part) + 2)) END,
				p.expression) AS given
			FROM placed p
			GROUP BY p.part
		)
		SELECT coalesce((SELECT m.given FROM members m WHERE m.part IS NULL), '{}')
			|| coalesce((
				SELECT jsonb_object_agg(coalesce(names ->> m.part, m.part),
					format('nullif(jsonb_strip_nulls(%s), ''{}'')', cdp_internal.object_query(relation, m.given)))
				FROM members m
				WHERE m.part IS NOT NULL), '{}'));
END
$function$;
COMMENT ON FUNCTION cdp_internal.warehouse_context(oid) IS
	'Internal: returns the context in the mapping of a table whose columns are flattened.';

CREATE FUNCTION cdp_internal.read_list(value text) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN CASE WHEN value ~ '^\s*\[' THEN value::jsonb ELSE to_jsonb(value) END;
EXCEPTION WHEN data_exception OR statement_too_complex OR program_limit_exceeded THEN
	RETURN to_jsonb(value);
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_list(text) IS
	'Internal: returns a list that is written as a JSON array in a text, or the text if it is none.';

-- What Segment's specification has as a list, destinations write as a text; what it has as an object, as columns of its
-- members.
CREATE FUNCTION cdp_internal.warehouse_members(relation oid, kind text) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- but "*", the members of the object, by the names of their columns
	objects jsonb := '{"address": {"city": "city", "country": "country", "postal_code": "postalCode", "state": "state",
		"street": "street"}, "company": {"id": "id", "name": "name", "industry": "industry", "plan": "plan",
		"employee_count": "employee_count"}}';
	texts oid[] := '{text,varchar,bpchar}'::regtype[];
	lists jsonb := (
		SELECT coalesce(jsonb_object_agg(a.attname, format('cdp_internal.read_list(%I::text)', a.attname)), '{}')
		FROM pg_attribute a
		WHERE a.attrelid = relation AND a.attname IN ('products', 'filters', 'sorts') AND a.atttypid = ANY (texts)
			AND a.attnum > 0 AND NOT a.attisdropped);
	placed jsonb;
BEGIN
	IF kind NOT IN ('identifies', 'groups') THEN
		RETURN jsonb_build_object('*', '[]'::jsonb) || lists;
	END IF;
	SELECT coalesce(jsonb_object_agg(p.name, p.expression), '{}') || jsonb_build_object('*',
			coalesce(jsonb_agg(p.pattern) FILTER (WHERE p.pattern IS NOT NULL), '[]')) INTO placed
	FROM (
		SELECT o.key AS name, format('nullif(jsonb_strip_nulls(jsonb_build_object(%s)), ''{}'')',
				string_agg(format('%L, %I', m.value, a.attname), ', ' ORDER BY a.attnum)) AS expression,
			NULL::text AS pattern
		FROM jsonb_each(objects) o
		CROSS JOIN LATERAL jsonb_each_text(o.value) m
		JOIN pg_attribute a ON a.attrelid = relation AND a.attname = o.key || '_' || m.key AND a.attnum > 0
			AND NOT a.attisdropped
		WHERE NOT cdp_internal.has_columns(relation, ARRAY[o.key])
		GROUP BY o.key) p;
	RETURN placed || lists || jsonb_build_object('*', (
		SELECT coalesce(jsonb_agg(replace(o.key || '_' || m.key, '_', '\_')), '[]')
		FROM jsonb_each(objects) o CROSS JOIN LATERAL jsonb_each_text(o.value) m
		WHERE placed ? o.key));
END
$function$;
COMMENT ON FUNCTION cdp_internal.warehouse_members(oid, text) IS
	'Internal: returns the lists and objects in the traits or properties of a table of a warehouse, by name, and under '
	'* the patterns of the columns that the objects have.';

CREATE FUNCTION cdp_internal.warehouse_mapping(relation oid, kind text, events text[]) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- what is no property; columns that come later are
	own jsonb := '{"*": ["id", "anonymous_id", "user_id", "received_at", "sent_at", "timestamp", "original_timestamp",
		"uuid", "uuid_ts", "channel", "loaded_at", "record_id", "event", "event_text", "context\\_%"]}';
	recognised jsonb := cdp_internal.warehouse_members(relation, kind);
	members text := CASE WHEN kind IN ('identifies', 'groups') THEN 'traits' ELSE 'properties' END;
	mapping jsonb;
BEGIN
	IF kind IN ('groups', 'aliases') THEN
		own := jsonb_set(own, '{*}', (own -> '*') || '["group_id", "previous_id"]');
	END IF;
	own := recognised || jsonb_set(own, '{*}', (own -> '*') || (recognised -> '*'));
	mapping := jsonb_build_object('message_id', 'id', 'version', CASE kind WHEN 'tracks' THEN '0' ELSE '1' END,
		'context', cdp_internal.warehouse_context(relation))
		|| CASE WHEN kind NOT IN ('tracks', 'aliases') THEN jsonb_build_object(members, own) ELSE '{}' END
		|| (SELECT jsonb_build_object('identifiers', coalesce(jsonb_object_agg(c.name, c.name), '{}'))
			FROM unnest('{user_id,anonymous_id}'::text[]) AS c (name)
			WHERE cdp_internal.has_columns(relation, ARRAY[c.name]))
		|| (SELECT coalesce(jsonb_object_agg(CASE c.name WHEN 'timestamp' THEN 'at' ELSE c.name END,
				quote_ident(c.name)), '{}')
			FROM unnest('{timestamp,original_timestamp,sent_at,received_at}'::text[]) AS c (name)
			WHERE cdp_internal.has_columns(relation, ARRAY[c.name]));
	RETURN mapping || CASE kind
		WHEN 'identifies' THEN '{"type": "identify"}'::jsonb
		WHEN 'pages' THEN '{"type": "page"}'
		WHEN 'screens' THEN '{"type": "screen"}'
		WHEN 'groups' THEN '{"type": "group", "group_id": "group_id"}'
		WHEN 'aliases' THEN '{"type": "alias", "previous_id": "previous_id"}'
		ELSE '{"type": "track", "event": "coalesce(event_text, event)"}' END
		-- the table of the event has the properties
		|| CASE WHEN kind = 'tracks' AND events <> '{}'
			THEN jsonb_build_object('condition', format('event IS NULL OR event <> ALL (%L::text[])', events))
			ELSE '{}' END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.warehouse_mapping(oid, text, text[]) IS
	'Internal: returns the mapping of a table that a destination of Segment or RudderStack writes. events: the tables '
	'of single events, whose rows tracks has too.';

CREATE FUNCTION cdp_internal.snowplow_tables(relation oid) RETURNS TABLE (part oid, name text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT t.oid, format('%I.%I', n.nspname, t.relname)
		FROM pg_class e
		JOIN pg_class t ON t.relnamespace = e.relnamespace AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
			AND NOT t.relispartition AND t.oid <> e.oid
		JOIN pg_namespace n ON n.oid = t.relnamespace
		WHERE e.oid = relation AND has_table_privilege(t.oid, 'SELECT') AND cdp_internal.has_columns(t.oid,
			'{root_id,root_tstamp,schema_vendor,schema_name,schema_format,schema_version}')
		ORDER BY t.relname;
END
$function$;
COMMENT ON FUNCTION cdp_internal.snowplow_tables(oid) IS
	'Internal: returns the tables of self-describing events and entities beside a table of Snowplow''s events that the '
	'caller may read.';

-- As the tracker sends them: {"schema": "iglu:…", "data": {…}}.
CREATE FUNCTION cdp_internal.snowplow_contexts(relation oid) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT format('(SELECT jsonb_agg(s."cdp part" ORDER BY s."cdp part") FROM (%s) s)', string_agg(format(
			'SELECT jsonb_build_object(''schema'', concat(''iglu:'', t.schema_vendor, ''/'', t.schema_name, ''/'', '
				't.schema_format, ''/'', t.schema_version), ''data'', jsonb_strip_nulls(to_jsonb(t) - '
				'''{root_id,root_tstamp,schema_vendor,schema_name,schema_format,schema_version,ref_root,ref_tree,'
				'ref_parent}''::text[])) AS "cdp part" FROM %s t WHERE t.root_id = events.event_id '
				'AND t.root_tstamp = events.collector_tstamp', p.name), ' UNION ALL '))
		FROM cdp_internal.snowplow_tables(relation) p);
END
$function$;
COMMENT ON FUNCTION cdp_internal.snowplow_contexts(oid) IS
	'Internal: returns an expression for the self-describing event and the entities of a row of Snowplow''s events, '
	'which are in tables of their own; NULL: there are none.';

CREATE FUNCTION cdp_internal.snowplow_mapping(relation oid) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	times text[] := ARRAY(
		SELECT t.name FROM unnest('{true_tstamp,derived_tstamp,dvce_created_tstamp,collector_tstamp}'::text[])
			WITH ORDINALITY AS t (name, place)
		WHERE cdp_internal.has_columns(relation, ARRAY[t.name]) ORDER BY t.place);
	given jsonb := '{}';
	m record;
BEGIN
	FOR m IN
		SELECT * FROM (VALUES
			('identifiers', 'user_id', 'user_id', '{user_id}'),
			-- a link from another domain names the cookie of the visitor there
			('identifiers', 'anonymous_id', 'to_jsonb(array_remove(ARRAY[domain_userid, refr_domain_userid], NULL))',
				'{domain_userid,refr_domain_userid}'),
			('identifiers', 'anonymous_id', 'domain_userid', '{domain_userid}'),
			('identifiers', 'network_userid', 'network_userid', '{network_userid}'),
			('properties', 'name', 'CASE event WHEN ''page_view'' THEN page_title END', '{page_title}'),
			('properties', 'url', 'page_url', '{page_url}'),
			('properties', 'referrer', 'page_referrer', '{page_referrer}'),
			('context', 'ip', 'user_ipaddress', '{user_ipaddress}'),
			('context', 'userAgent', 'useragent', '{useragent}'),
			('context', 'page', 'nullif(jsonb_strip_nulls(jsonb_build_object(''url'', page_url, ''title'', page_title, '
				'''referrer'', page_referrer)), ''{}'')', '{page_url,page_title,page_referrer}'),
			('context', 'campaign', 'nullif(jsonb_strip_nulls(jsonb_build_object(''source'', mkt_source, '
				'''medium'', mkt_medium, ''name'', mkt_campaign, ''term'', mkt_term, '
				'''content'', mkt_content)), ''{}'')',
				'{mkt_source,mkt_medium,mkt_campaign,mkt_term,mkt_content}')) AS v (part, member, expression, columns)
		WHERE cdp_internal.has_columns(relation, v.columns::text[])
	LOOP
		CONTINUE WHEN given #> ARRAY[m.part, m.member] IS NOT NULL;
		given := jsonb_set(given, ARRAY[m.part], coalesce(given -> m.part, '{}')
			|| jsonb_build_object(m.member, m.expression));
	END LOOP;
	IF EXISTS (SELECT FROM cdp_internal.snowplow_tables(relation)) THEN
		given := jsonb_set(given, '{context}', coalesce(given -> 'context', '{}')
			|| jsonb_build_object('contexts', cdp_internal.snowplow_contexts(relation)));
	END IF;
	-- structured events, transactions and their items keep the names of their columns
	given := jsonb_set(given, '{properties}', coalesce(given -> 'properties', '{}') || (
		SELECT coalesce(jsonb_object_agg(a.attname, quote_ident(a.attname)), '{}')
		FROM pg_attribute a
		WHERE a.attrelid = relation
			AND a.attname ~ '^(se|tr|ti|pp)_|^(app_id|platform|domain_sessionid|domain_sessionidx)$' AND a.attnum > 0
			AND NOT a.attisdropped));
	RETURN given || jsonb_build_object('message_id', 'event_id::text',
		'type', 'CASE event WHEN ''page_view'' THEN ''page'' ELSE ''track'' END',
		'event', format(
			'CASE event WHEN ''page_view'' THEN NULL WHEN ''struct'' THEN %s WHEN ''unstruct'' THEN %s ELSE event END',
			CASE WHEN cdp_internal.has_columns(relation, '{se_action}') THEN 'coalesce(se_action, event)'
				ELSE 'event' END,
			CASE WHEN cdp_internal.has_columns(relation, '{event_name}') THEN 'coalesce(event_name, event)'
				ELSE 'event' END),
		'at', format('coalesce(%s)', array_to_string(times, ', ')), 'received_at', 'collector_tstamp');
END
$function$;
COMMENT ON FUNCTION cdp_internal.snowplow_mapping(oid) IS 'Internal: returns the mapping of Snowplow''s atomic.events.';

CREATE FUNCTION cdp_internal.warehouse_connection(source text, name text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (
		SELECT CASE WHEN length(n.name) <= 40 THEN n.name ELSE left(n.name, 31) || '_' || left(md5(n.name), 8) END
		FROM (
			SELECT regexp_replace(regexp_replace(lower(source || '_' || name), '[^a-z0-9]+', '_', 'g'), '^[^a-z]+', '')
			) AS n (name));
COMMENT ON FUNCTION cdp_internal.warehouse_connection(text, text) IS
	'Internal: returns the name of the connection of a table of a warehouse.';

CREATE FUNCTION cdp.connect_warehouse(schema name, source text, follow text DEFAULT 'trigger')
	RETURNS TABLE (connection text, table_name text, rows_are text, note text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	t record;
	made jsonb;
	cursor_column text;
	events text[] := ARRAY(SELECT w.name FROM cdp_internal.warehouse_tables(schema) w WHERE w.kind = 'event');
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_source_name(source);
	IF NOT EXISTS (SELECT FROM cdp_internal.warehouse_tables(schema) w WHERE w.kind IS NOT NULL) THEN
		RAISE EXCEPTION 'schema "%" is not known as a warehouse', schema USING ERRCODE = 'undefined_table',
			DETAIL = 'It has none of the tables that destinations of Segment and RudderStack write (tracks, '
				'identifies, pages …, with columns id and received_at), nor the table events of Snowplow.',
			HINT = 'Connect its tables one by one with cdp.connect().';
	END IF;
	IF EXISTS (SELECT FROM cdp_internal.warehouse_tables(schema) w WHERE w.kind <> 'snowplow') THEN
		-- a row of tracks is of less worth than that of the table of its event, whenever that comes
		PERFORM cdp_internal.set_connection_source(source, false);
	END IF;
	FOR t IN SELECT w.* FROM cdp_internal.warehouse_tables(schema) w ORDER BY w.kind = 'tracks', w.name LOOP
		connection := NULL;
		table_name := format('%I.%I', schema, t.name);
		rows_are := t.kind;
		note := CASE WHEN t.kind IS NULL AND cdp_internal.has_columns(t.relation, '{root_id,root_tstamp,schema_vendor}')
				THEN 'its rows come in contexts of events'
			WHEN t.kind IS NULL THEN 'not connected: its rows are no calls'
			WHEN t.kind = 'snowplow'
				THEN 'self-describing events and entities of '
					|| (SELECT count(*) FROM cdp_internal.snowplow_tables(t.relation)) || ' tables come in contexts'
			WHEN t.kind = 'tracks' THEN 'only events that have no table of their own yet, without properties'
			WHEN t.kind IN ('event', 'pages', 'screens', 'identifies', 'groups')
				THEN 'nested values keep the names of their columns, but for addresses and companies of the '
					'specification; lists may be texts, but for products, filters and sorts' END;
		IF t.kind IS NOT NULL THEN
			connection := cdp_internal.warehouse_connection(source, t.name);
			made := CASE t.kind WHEN 'snowplow' THEN cdp_internal.snowplow_mapping(t.relation)
				ELSE cdp_internal.warehouse_mapping(t.relation, t.kind, events) END;
			cursor_column := CASE WHEN follow = 'column' THEN (
				SELECT c.name FROM unnest('{uuid_ts,etl_tstamp}'::text[]) AS c (name)
				WHERE cdp_internal.has_columns(t.relation, ARRAY[c.name])) END;
			PERFORM cdp_internal.connect_warehouse_table(connection, t.relation, made, source, follow, cursor_column);
		END IF;
		RETURN NEXT;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp.connect_warehouse(name, text, text) IS
$comment$Connects the tables of a schema that a Postgres destination of Segment or RudderStack writes, or Snowplow's
events: each by cdp.connect(), as calls of the source. Returns the tables, with what they are taken for, and what cannot
come back as it was sent. Called again, it connects tables that are new: until then their events come from tracks,
without properties, and are completed then. follow: trigger, or column: that of the time of loading, uuid_ts or
etl_tstamp.
Message ids are those of the messages. The context is put together from columns by the names of the specification, and
so are the traits address and company; products, filters and sorts are lists again, where they are JSON arrays in texts.
Other properties and traits keep the names of their columns, so that nested ones stay flattened, and lists may be texts.
Of Snowplow, domain_userid is the anonymous_id, and refr_domain_userid one of the same person; a page view is a page
call, a structured event has the name of its action. Self-describing events and entities, in tables of their own (with
root_id and root_tstamp), that the caller may read when it connects, come in contexts of the context, each with its
schema and data, read by root_id: they should have an index on it; what is loaded later than the row of its event does
not come.
Errors: a schema without such tables (42P01), and those of cdp.connect().$comment$;

CREATE FUNCTION cdp_internal.connect_warehouse_table(connection text, relation oid, mapping jsonb, source text,
	follow text, cursor_column text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF EXISTS (
		SELECT FROM cdp_data.connected_table c
		WHERE c.name = connection AND c.relation = connect_warehouse_table.relation) THEN
		-- what is there already was read with less; what is new has more
		UPDATE cdp_data.connected_table c
		SET mapping = cdp_internal.read_mapping(connect_warehouse_table.relation, connect_warehouse_table.mapping)
		WHERE c.name = connection;
		RETURN;
	END IF;
	PERFORM cdp.connect(relation, mapping => mapping, source => source, name => connection, follow => follow,
		cursor_column => cursor_column, append_only => true);
END
$function$;
COMMENT ON FUNCTION cdp_internal.connect_warehouse_table(text, oid, jsonb, text, text, text) IS
	'Internal: connects a table of a warehouse, or brings the mapping of its connection up to date.';

REVOKE ALL ON FUNCTION cdp_internal.read_list(text), cdp_internal.warehouse_members(oid, text),
	cdp_internal.snowplow_tables(oid), cdp_internal.snowplow_contexts(oid),
	cdp_internal.has_columns(oid, text[]), cdp_internal.warehouse_tables(name),
	cdp_internal.warehouse_context(oid), cdp_internal.warehouse_mapping(oid, text, text[]),
	cdp_internal.snowplow_mapping(oid), cdp_internal.warehouse_connection(text, text),
	cdp.connect_warehouse(name, text, text),
	cdp_internal.connect_warehouse_table(text, oid, jsonb, text, text, text) FROM PUBLIC;
