-- The catalogue of tables: what cdp.init() makes, and all that others must know of each.  A test compares it with the
-- server's catalogs, so that a table that is missing here, or an entry that is wrong, fails.

CREATE FUNCTION cdp_internal.catalogue() RETURNS TABLE (name text, schemas text[], keys text[], distributed_by text,
	readers text[], stewards text, written_by text[], erase_order integer, personal jsonb)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
	SELECT c.name, c.schemas::text[], c.keys::text[], c.distributed_by, c.readers::text[], c.stewards, c.written_by::text[],
		   c.erase_order::integer, c.personal::jsonb
	FROM (VALUES
		('state', '{cdp_data}', '{singleton}', 'reference', '{analyst}', 'update', '{refresh}', NULL, '{}'),
		('batch', '{cdp_data,cdp}', '{batch_id}', 'reference', '{analyst}', 'append', '{refresh}', NULL, '{}'),
		('inbox_mark', '{cdp_data}', '{inbox}', 'local', '{}', 'update', '{refresh}', NULL, '{}'),
		('inbox', '{cdp}', '{}', 'local', '{}', 'all', '{writer,refresh}', 1,
		 '{"message_id":"raw","anonymous_id":"identifier","user_id":"identifier","group_id":"account",
			"previous_id":"identifier","identifiers":"identifier","properties":"behavior","traits":"trait",
			"context":"raw"}'),
		('inbox_raw', '{cdp}', '{}', 'local', '{}', 'all', '{writer,refresh}', 1, '{"line":"raw"}'),
		('writer', '{cdp_data}', '{role}', 'reference', '{}', 'all', '{grant}', NULL, '{}'),
		('quarantine', '{cdp_data,cdp}', '{quarantine_id}', 'quarantine_id', '{}', 'all', '{refresh}', 2,
		 '{"detail":"raw","record":"raw","line":"raw"}'),
		('event', '{cdp_data}', '{identifier_id,timestamp,event_id}', 'identifier_id', '{analyst}', 'all', '{refresh}', 3,
		 '{"message_id":"raw","anonymous_id":"identifier","user_id":"identifier","group_id":"account",
			"previous_id":"identifier","identifiers":"identifier","properties":"behavior","traits":"trait",
			"context":"raw"}'),
		('message', '{cdp_data}', '{message_key}', 'message_key', '{}', 'append', '{refresh}', 4, '{"message_key":"raw"}'),
		('source', '{cdp_data}', '{source}', 'reference', '{analyst}', 'all', '{refresh}', NULL, '{}'),
		('namespace', '{cdp_data,cdp}', '{namespace}', 'reference', '{analyst}', 'all', '{refresh}', NULL,
		 '{"blocked":"identifier"}'),
		('identifier_map', '{cdp_data}', '{identifier}', 'identifier', '{analyst}', 'all', '{refresh}', 10,
		 '{"identifier":"identifier"}'),
		('identifier', '{cdp_data}', '{identifier_id}', 'identifier_id', '{analyst}', 'all', '{refresh}', 9,
		 '{"identifier":"identifier"}'),
		('identifier_history', '{cdp_data}', '{identifier_id,from_batch_id}', 'identifier_id', '{analyst}', 'append', '{refresh}', 8,
		 '{}'),
		('anchor_history', '{cdp_data}', '{event_id,until_batch_id}', 'event_id', '{analyst}', 'append', '{refresh}', 5, '{}'),
		('link', '{cdp_data}', '{a,b,source}', 'a', '{analyst}', 'all', '{refresh}', 6, '{"message_id":"raw"}'),
		('verdict', '{cdp_data,cdp}', '{verdict_id}', 'reference', '{analyst}', 'all', '{refresh}', 7,
		 '{"a":"identifier","b":"identifier","reason":"raw"}'),
		('profile', '{cdp_data}', '{profile_id}', 'profile_id', '{analyst}', 'all', '{refresh}', 11, '{"traits":"trait"}'),
		('profile_timeline', '{cdp_data}', '{profile_id}', 'profile_id', '{}', 'all', '{refresh}', 11,
		 '{"timeline":"behavior","level_1":"behavior","level_2":"behavior","level_3":"behavior"}'),
		('account', '{cdp_data}', '{group_id}', 'group_id', '{analyst}', 'all', '{refresh}', 12,
		 '{"group_id":"account","traits":"trait"}'),
		('account_member', '{cdp_data}', '{identifier_id,group_id}', 'identifier_id', '{}', 'all', '{refresh}', 6,
		 '{"group_id":"account"}'),
		('undone', '{cdp_data,cdp}', '{kind,profile_id,a,b,group_id}', 'reference', '{}', 'all', '{refresh}', 6,
		 '{"group_id":"account"}'),
		('seen_name', '{cdp_data,cdp}', '{kind,name}', 'reference', '{analyst}', 'all', '{refresh}', NULL, '{}'),
		('trait_rule', '{cdp_data}', '{trait}', 'reference', '{analyst}', 'all', '{refresh}', NULL, '{}'),
		('carried_number', '{cdp_data,cdp}', '{event,name}', 'reference', '{analyst}', 'all', '{refresh}', NULL, '{}'),
		('case_event', '{cdp_data,cdp}', '{event}', 'reference', '{analyst}', 'all', '{}', NULL, '{}'),
		('profile_view', '{cdp_data,cdp}', '{schema_name,view_name}', 'reference', '{analyst}', 'all', '{}', NULL, '{}'),
		('segment', '{cdp_data,cdp}', '{name}', 'reference', '{analyst}', 'all', '{}', NULL,
		 '{"condition":"raw","description":"raw"}')
	) AS c (name, schemas, keys, distributed_by, readers, stewards, written_by, erase_order, personal);
END;
COMMENT ON FUNCTION cdp_internal.catalogue() IS
	'Internal: the tables that cdp.init() makes. schemas: that of the table, and cdp where
a view of the same name shows it to people; keys: the columns of the primary key; distributed_by: the column by which
a cluster distributes it, or reference (each node has it whole), or local; readers: kinds of access (see cdp.grant) that
read it, beside stewards; stewards: what these do with it: append (read and insert), update (read and update), all (read,
insert, update, delete); written_by: refresh (a batch, which locks it first), writer, grant; erase_order: in which order a
person is erased from the tables, NULL: nothing of a person stands there; personal: the columns that hold personal data,
with their category (identifier, trait, behavior, account, raw).';

REVOKE ALL ON FUNCTION cdp_internal.catalogue() FROM PUBLIC;
