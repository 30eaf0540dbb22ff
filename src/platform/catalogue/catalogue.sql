-- The catalogue of tables: what cdp.init() makes, and all that others must know of each.  A test compares it with the
-- server's catalogs, so that a table that is missing here, or an entry that is wrong, fails.

CREATE FUNCTION cdp.catalogue() RETURNS TABLE (name text, keys text[], distributed_by text, readers text[],
	stewards text, written_by text[], erase_order integer, personal jsonb)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
	SELECT c.name, c.keys::text[], c.distributed_by, c.readers::text[], c.stewards, c.written_by::text[],
		   c.erase_order::integer, c.personal::jsonb
	FROM (VALUES
		('state', '{singleton}', 'reference', '{analyst}', 'update', '{refresh}', NULL, '{}'),
		('batch', '{batch_id}', 'reference', '{analyst}', 'append', '{refresh}', NULL, '{}'),
		('inbox_mark', '{inbox}', 'local', '{}', 'update', '{refresh}', NULL, '{}'),
		('inbox', '{}', 'local', '{}', 'all', '{writer,refresh}', 1,
		 '{"message_id":"raw","anonymous_id":"identifier","user_id":"identifier","group_id":"account",
			"previous_id":"identifier","identifiers":"identifier","properties":"behavior","traits":"trait",
			"context":"raw"}'),
		('inbox_raw', '{}', 'local', '{}', 'all', '{writer,refresh}', 1, '{"line":"raw"}'),
		('writer', '{role}', 'reference', '{}', 'all', '{grant}', NULL, '{}'),
		('quarantine', '{quarantine_id}', 'quarantine_id', '{}', 'all', '{refresh}', 2,
		 '{"detail":"raw","record":"raw","line":"raw"}'),
		('event', '{identity_id,timestamp,event_id}', 'identity_id', '{analyst}', 'all', '{refresh}', 3,
		 '{"message_id":"raw","anonymous_id":"identifier","user_id":"identifier","group_id":"account",
			"previous_id":"identifier","identifiers":"identifier","properties":"behavior","traits":"trait",
			"context":"raw"}'),
		('message', '{message_key}', 'message_key', '{}', 'append', '{refresh}', 4, '{"message_key":"raw"}'),
		('source', '{source}', 'reference', '{analyst}', 'all', '{refresh}', NULL, '{}'),
		('namespace', '{namespace}', 'reference', '{analyst}', 'all', '{refresh}', NULL,
		 '{"blocked":"identifier"}'),
		('identifier_map', '{identifier}', 'identifier', '{analyst}', 'all', '{refresh}', 10,
		 '{"identifier":"identifier"}'),
		('identity', '{identity_id}', 'identity_id', '{analyst}', 'all', '{refresh}', 9,
		 '{"identifier":"identifier"}'),
		('identity_history', '{identity_id,from_batch_id}', 'identity_id', '{analyst}', 'append', '{refresh}', 8,
		 '{}'),
		('anchor_history', '{event_id,until_batch_id}', 'event_id', '{analyst}', 'append', '{refresh}', 5, '{}'),
		('link', '{a,b,source}', 'a', '{analyst}', 'all', '{refresh}', 6, '{"message_id":"raw"}'),
		('verdict', '{verdict_id}', 'reference', '{analyst}', 'all', '{refresh}', 7,
		 '{"a":"identifier","b":"identifier","reason":"raw"}'),
		('profile', '{profile_id}', 'profile_id', '{analyst}', 'all', '{refresh}', 11, '{"traits":"trait"}'),
		('profile_timeline', '{profile_id}', 'profile_id', '{}', 'all', '{refresh}', 11,
		 '{"timeline":"behavior","level_1":"behavior","level_2":"behavior","level_3":"behavior"}'),
		('account', '{group_id}', 'group_id', '{analyst}', 'all', '{refresh}', 12,
		 '{"group_id":"account","traits":"trait"}'),
		('account_member', '{identity_id,group_id}', 'identity_id', '{}', 'all', '{refresh}', 6,
		 '{"group_id":"account"}'),
		('undone', '{kind,profile_id,a,b,group_id}', 'reference', '{}', 'all', '{refresh}', 6,
		 '{"group_id":"account"}'),
		('seen_name', '{kind,name}', 'reference', '{analyst}', 'all', '{refresh}', NULL, '{}'),
		('trait_rule', '{trait}', 'reference', '{analyst}', 'all', '{refresh}', NULL, '{}'),
		('carried_number', '{event,name}', 'reference', '{analyst}', 'all', '{refresh}', NULL, '{}'),
		('case_event', '{event}', 'reference', '{analyst}', 'all', '{}', NULL, '{}'),
		('profile_view', '{schema_name,view_name}', 'reference', '{analyst}', 'all', '{}', NULL, '{}'),
		('segment', '{name}', 'reference', '{analyst}', 'all', '{}', NULL,
		 '{"condition":"raw","description":"raw"}')
	) AS c (name, keys, distributed_by, readers, stewards, written_by, erase_order, personal);
END;
COMMENT ON FUNCTION cdp.catalogue() IS
	'Internal: the tables that cdp.init() makes. keys: the columns of the primary key; distributed_by: the column by which
a cluster distributes it, or reference (each node has it whole), or local; readers: kinds of access (see cdp.grant) that
read it, beside stewards; stewards: what these do with it: append (read and insert), update (read and update), all (read,
insert, update, delete); written_by: refresh (a batch, which locks it first), writer, grant; erase_order: in which order a
person is erased from the tables, NULL: nothing of a person stands there; personal: the columns that hold personal data,
with their category (identifier, trait, behavior, account, raw).';

REVOKE ALL ON FUNCTION cdp.catalogue() FROM PUBLIC;
