-- The parts of a lookup that are lists, cut to the room that a document has for them.
--
-- A jsonb holds at most 256 MB.  Traits take up to 128 of them, events 64, every other list 8: so a lookup never
-- fails because too much is known about a person.  The query runs under the caller's search path (see lookup.sql).

CREATE FUNCTION cdp_internal.lookup_list(part text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	room bigint := 8 << 20;
	-- query for the rows r of the list, each with its size
	list text;
	-- their order
	listed text;
	-- expression for a row as shown in the document
	shown text;
BEGIN
	CASE part
		WHEN 'identifiers' THEN
			shown := $sql$
				pg_catalog.jsonb_build_object('namespace', r.namespace, 'value', r.value, 'first_known', r.first_known,
					'shared', r.shared) $sql$;
			listed := 'r.priority, r.identifier';
			list := $sql$
				SELECT n.namespace, n.priority, i.identifier, cdp.value(i.identifier) AS value, b.as_of AS first_known,
					i.shared, cdp_internal.raw_size(n.namespace, i.identifier) AS size
				FROM cdp_data.identifier i
				JOIN cdp_data.batch b ON b.batch_id OPERATOR(pg_catalog.=) i.batch_id
				JOIN cdp_data.namespace n ON n.namespace OPERATOR(pg_catalog.=) cdp.namespace(i.identifier)
				WHERE i.profile_id OPERATOR(pg_catalog.=) p.profile_id $sql$;
		WHEN 'provenance' THEN
			shown := $sql$ pg_catalog.to_jsonb(r) OPERATOR(pg_catalog.-) '{size,filled}'::pg_catalog.text[] $sql$;
			listed :=
				'r.key COLLATE pg_catalog."C", r.current DESC, r.at DESC, r.source COLLATE pg_catalog."C", r.value';
			list := $sql$
				SELECT v.*, cdp_internal.raw_size(v.key, v.value, v.source) AS size
				FROM cdp.provenance(p.traits) v $sql$;
		-- Take the latest events of each identifier, through the primary key, and of these the latest.  Their stored
		-- size is a lower bound on the size as text: read properties only of events whose stored size fits.
		WHEN 'events' THEN
			room := 64 << 20;
			shown := $sql$
				pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('timestamp', r."timestamp", 'type', r.type,
					'event', r.event, 'source', r.source))
				OPERATOR(pg_catalog.||) CASE WHEN r.properties IS NULL THEN '{}'
					ELSE pg_catalog.jsonb_build_object('properties', r.properties) END $sql$;
			listed := 'r."timestamp" DESC, r.event_id DESC';
			list := format($sql$
				SELECT l.*, CASE
					WHEN l.raw OPERATOR(pg_catalog.<=) %1$s AND l.raw_filled OPERATOR(pg_catalog.<=) %1$s
						THEN cdp_internal.raw_size(l.event, l.source)
							OPERATOR(pg_catalog.+) coalesce(cdp_internal.shown_size(l.properties), 0)
					ELSE l.raw END AS size
				FROM (
					SELECT l.*, pg_catalog.sum(l.raw) FILTER (WHERE l.raw OPERATOR(pg_catalog.<=) %1$s)
						OVER (ORDER BY l."timestamp" DESC, l.event_id DESC ROWS UNBOUNDED PRECEDING) AS raw_filled
					FROM (
						SELECT l.*, cdp_internal.raw_size(l.event, l.source, l.properties) AS raw
						FROM cdp_data.identifier i
						CROSS JOIN LATERAL (
							SELECT e.event_id, e."timestamp", e.type, e.event, e.source, e.properties
							FROM cdp_data.event e
							WHERE e.identifier_id OPERATOR(pg_catalog.=) i.identifier_id
							ORDER BY e."timestamp" DESC, e.event_id DESC
							LIMIT $2) l
						WHERE i.profile_id OPERATOR(pg_catalog.=) p.profile_id
						ORDER BY l."timestamp" DESC, l.event_id DESC
						LIMIT $2) l) l $sql$, room);
		WHEN 'cases' THEN
			shown := $sql$
				pg_catalog.jsonb_build_object('kind', r.kind, 'case_id', r.case_id, 'opened_at', r.opened_at) $sql$;
			listed := 'r.opened_at DESC, r.kind COLLATE pg_catalog."C", r.case_id COLLATE pg_catalog."C"';
			list := $sql$
				SELECT m.kind, m.case_id, m.opened_at, cdp_internal.raw_size(m.kind, m.case_id) AS size
				FROM cdp.open_cases m
				WHERE m.profile_id OPERATOR(pg_catalog.=) p.profile_id $sql$;
		WHEN 'accounts' THEN
			shown := $sql$
				pg_catalog.jsonb_build_object('group_id', r.group_id, 'since', r.since, 'last_at', r.last_at,
					'traits', r.traits) $sql$;
			listed := 'r.group_id';
			list := $sql$
				SELECT a.*, cdp_internal.raw_size(a.group_id, a.traits) AS size
				FROM (
					SELECT m.group_id, m.since, m.last_at,
						coalesce(cdp_internal.traits_to_jsonb(a.traits), '{}') AS traits
					FROM cdp.account_members m
					JOIN cdp_data.account a ON a.group_id OPERATOR(pg_catalog.=) m.group_id
					WHERE m.profile_id OPERATOR(pg_catalog.=) p.profile_id
					OFFSET 0) a $sql$;
	END CASE;
	-- 256: upper bound on the keys, times and numbers of an entry, in bytes
	RETURN format($sql$
		(
			SELECT pg_catalog.jsonb_build_object(
				'list', coalesce(pg_catalog.jsonb_agg(%1$s) FILTER (WHERE r.filled OPERATOR(pg_catalog.<=) %4$s), '[]'),
				'left_out', pg_catalog.sum(1) FILTER (WHERE r.filled OPERATOR(pg_catalog.>) %4$s))
			FROM (
				SELECT r.*, CASE
					WHEN r.size OPERATOR(pg_catalog.>) %4$s THEN %4$s OPERATOR(pg_catalog.+) 1
					ELSE pg_catalog.sum(r.size OPERATOR(pg_catalog.+) 256)
						FILTER (WHERE r.size OPERATOR(pg_catalog.<=) %4$s)
						OVER (ORDER BY %3$s ROWS UNBOUNDED PRECEDING) END AS filled
				FROM (%2$s) r
				ORDER BY %3$s) r) $sql$, shown, list, listed, room);
END
$function$;
COMMENT ON FUNCTION cdp_internal.lookup_list(text) IS
	'Internal: returns a part of the document that is a list, as an expression over p, a row of cdp_data.profile: '
	'{"list": the entries that fit, "left_out": the number of entries that did not, or null}.';

REVOKE ALL ON FUNCTION cdp_internal.lookup_list(text) FROM PUBLIC;
