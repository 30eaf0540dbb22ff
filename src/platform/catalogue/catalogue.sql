-- The catalogue of tables: what cdp.init() makes, and what the other rooms must know of each table.  A test compares
-- it with the server's catalogs, so a missing or wrong entry fails.

CREATE FUNCTION cdp_internal.catalogue() RETURNS TABLE (name text, schemas text[], keys text[], distributed_by text,
	readers text[], hidden text[], stewards text, written_by text[], erase_order integer, personal jsonb)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
	WITH shape (name, schemas, keys, distributed_by) AS (VALUES
		('state',              '{cdp_data}',     '{singleton}',                        'reference'),
		('batch',              '{cdp_data,cdp}', '{batch_id}',                         'reference'),
		('inbox_mark',         '{cdp_data}',     '{inbox}',                            'local'),
		('inbox',              '{cdp}',          '{}',                                 'local'),
		('inbox_raw',          '{cdp}',          '{}',                                 'local'),
		('writer',             '{cdp_data}',     '{role}',                             'reference'),
		('quarantine',         '{cdp_data,cdp}', '{quarantine_id}',                    'quarantine_id'),
		('rejected_value',     '{cdp_data,cdp}', '{source,namespace,reason}',          'reference'),
		('quarantine_hour',    '{cdp_data}',     '{hour,source,reason}',               'reference'),
		('source_hour',        '{cdp_data}',     '{source,hour}',                      'reference'),
		('quarantine_retention', '{cdp_data,cdp}', '{source}',                         'reference'),
		('event',              '{cdp_data}',     '{identifier_id,timestamp,event_id}', 'identifier_id'),
		('shared_context',     '{cdp_data}',     '{context_hash}',                     'reference'),
		('base',               '{cdp_data}',     '{}',                                 'identifier_id'),
		('folded_month',       '{cdp_data,cdp}', '{month}',                            'reference'),
		('message',            '{cdp_data}',     '{message_key}',                      'message_key'),
		('statement',          '{cdp_data}',     '{message_key}',                      'message_key'),
		('correction',         '{cdp_data,cdp}', '{event_id}',                         'event_id'),
		('retraction',         '{cdp_data,cdp}', '{retraction_id}',                    'reference'),
		('source',             '{cdp_data}',     '{source}',                           'reference'),
		('namespace',          '{cdp_data,cdp}', '{namespace}',                        'reference'),
		('identifier_key',     '{cdp_data}',     '{singleton}',                        'reference'),
		('identifier_map',     '{cdp_data}',     '{hash,identifier_id}',               'hash'),
		('identifier',         '{cdp_data}',     '{identifier_id}',                    'identifier_id'),
		('identifier_history', '{cdp_data}',     '{identifier_id,from_batch_id}',      'identifier_id'),
		('anchor_history',     '{cdp_data}',     '{event_id,until_batch_id}',          'event_id'),
		('link',               '{cdp_data}',     '{a,b,source_id}',                    'a'),
		('verdict',            '{cdp_data,cdp}', '{verdict_id}',                       'reference'),
		('profile',            '{cdp_data}',     '{profile_id}',                       'profile_id'),
		('profile_identifier', '{cdp_data}',     '{profile_id,slice}',                 'profile_id'),
		('account',            '{cdp_data}',     '{group_id}',                         'group_id'),
		('account_member',     '{cdp_data}',     '{identifier_id,group_id}',           'identifier_id'),
		('undone',             '{cdp_data,cdp}', '{kind,profile_id,a,b,group_id}',     'reference'),
		('seen_name',          '{cdp_data,cdp}', '{kind,name}',                        'reference'),
		('trait_rule',         '{cdp_data}',     '{trait}',                            'reference'),
		('carried_property',     '{cdp_data,cdp}', '{event,name}',                       'reference'),
		('case_event',         '{cdp_data,cdp}', '{event}',                            'reference'),
		('profile_view',       '{cdp_data,cdp}', '{schema_name,view_name}',            'reference'),
		('segment',            '{cdp_data,cdp}', '{name}',                             'reference'),
		('change',             '{cdp_data}',     '{change_id}',                        'reference'),
		('consumer',           '{cdp_data}',     '{consumer_id}',                      'reference'),
		('consumer_snapshot',  '{cdp_data}',     '{consumer_id,number}',               'reference'),
		('consumer_waiting',   '{cdp_data}',     '{consumer_id,change_id}',            'reference'),
		('membership',         '{cdp_data}',     '{profile_id}',                       'profile_id'),
		('account_membership', '{cdp_data}',     '{account_id}',                       'account_id'),
		('list',               '{cdp_data,cdp}', '{segment_id}',                       'reference'),
		('list_identifier',    '{cdp_data}',     '{segment_id,hash,identifier}',       'hash'),
		('planned_event',      '{cdp_data,cdp}', '{source,type,event,version}',        'reference'),
		('purpose_role',       '{cdp_data}',     '{role}',                             'reference'),
		('connected_table',    '{cdp_data}',     '{name}',                             'reference'),
		('followed_row',       '{cdp_data}',     '{connection,number}',                'local'),
		('seen_call',          '{cdp_data}',     '{connection,message_key}',           'local'),
		('retention',          '{cdp_data,cdp}', '{kind,key}',                         'reference'),
		('audit',              '{cdp_data,cdp}', '{audit_id}',                         'reference'),
		('worker',             '{cdp_data}',     '{singleton}',                        'reference'),
		('worker_run',         '{cdp_data,cdp}', '{minute,work,sqlstate}',             'reference'),
		('erasure',            '{cdp_data,cdp}', '{erasure_id}',                       'reference'),
		('suppressed',         '{cdp_data}',     '{key}',                              'reference'),
		('hold',               '{cdp_data,cdp}', '{hold_id}',                          'reference'),
		('purpose',            '{cdp_data,cdp}', '{purpose_id}',                       'reference'),
		('signal',             '{cdp_data}',     '{kind,key,purpose_id}',              'reference'),
		('consent',            '{cdp_data}',     '{identifier_id,purpose_id,consent_id}', 'identifier_id'),
		('invalid_signal',     '{cdp_data,cdp}', '{source,kind}',                      'reference'),
		('consent_proof',      '{cdp_data}',     '{key,purpose,consent_id}',           'reference'),
		('plan',               '{cdp_data,cdp}', '{source}',                           'reference'),
		('plan_violation',     '{cdp_data}',
			'{day,source,type,event,version,field,kind,description,outcome}',          'reference')
	), access (name, readers, stewards, written_by, erase_order, hidden) AS (VALUES
		('state',              '{analyst}', 'update', '{refresh}',        NULL, '{}'),
		('batch',              '{analyst}', 'append', '{refresh}',        NULL, '{}'),
		('inbox_mark',         '{}',        'update', '{refresh}',        NULL, '{}'),
		('inbox',              '{}',        'all',    '{writer,refresh}', 1,    '{}'),
		('inbox_raw',          '{}',        'all',    '{writer,refresh}', 1,    '{}'),
		('writer',             '{}',        'all',    '{grant}',          NULL, '{}'),
		('quarantine',         '{}',        'all',    '{refresh}',        2,    '{}'),
		('rejected_value',     '{analyst}', 'all',    '{refresh}',        2,    '{example}'),
		('quarantine_hour',    '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('source_hour',        '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('quarantine_retention', '{analyst}', 'all',  '{refresh}',               NULL, '{}'),
		('event',              '{analyst}', 'all',    '{refresh}',        3,    '{}'),
		('shared_context',     '{analyst}', 'all',    '{refresh}',        4,    '{}'),
		('base',               '{}',        'all',    '{refresh}',        3,    '{}'),
		('folded_month',       '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('message',            '{}',        'append', '{refresh}',        4,    '{}'),
		('statement',          '{}',        'all',    '{refresh}',        4,    '{}'),
		('correction',         '{}',        'all',    '{refresh}',        3,    '{}'),
		('retraction',         '{analyst}', 'append', '{refresh}',        NULL, '{}'),
		('source',             '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('namespace',          '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('identifier_key',     '{analyst}', 'append', '{}',               NULL, '{}'),
		('identifier_map',     '{analyst}', 'all',    '{refresh}',        10,   '{}'),
		('identifier',         '{analyst}', 'all',    '{refresh}',        9,    '{}'),
		('identifier_history', '{analyst}', 'append', '{refresh}',        8,    '{}'),
		('anchor_history',     '{analyst}', 'append', '{refresh}',        5,    '{}'),
		('link',               '{analyst}', 'all',    '{refresh}',        6,    '{}'),
		('verdict',            '{analyst}', 'all',    '{refresh}',        7,    '{}'),
		('profile',            '{analyst}', 'all',    '{refresh}',        11,   '{}'),
		('profile_identifier', '{analyst}',       'all',    '{refresh}',        11,   '{}'),
		('account',            '{analyst}', 'all',    '{refresh}',        12,   '{}'),
		('account_member',     '{analyst}', 'all',    '{refresh}',        6,    '{}'),
		('undone',             '{}',        'all',    '{refresh}',        6,    '{}'),
		('seen_name',          '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('trait_rule',         '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('carried_property',     '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('case_event',         '{analyst}', 'all',    '{}',               NULL, '{}'),
		('profile_view',       '{analyst}', 'all',    '{}',               NULL, '{}'),
		('segment',            '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('change',             '{}',        'all',    '{refresh}',        12,   '{}'),
		('consumer',           '{}',        'all',    '{}',               NULL, '{}'),
		('consumer_snapshot',  '{}',        'all',    '{}',               12,   '{}'),
		('consumer_waiting',   '{}',        'all',    '{}',               12,   '{}'),
		('membership',         '{}',        'all',    '{refresh}',        11,   '{}'),
		('account_membership', '{}',        'all',    '{refresh}',        12,   '{}'),
		('list',               '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('list_identifier',    '{}',        'all',    '{refresh}',        9,    '{}'),
		('planned_event',      '{analyst}', 'all',    '{}',               NULL, '{}'),
		('purpose_role',       '{analyst}', 'all',    '{grant}',          NULL, '{}'),
		('connected_table',    '{}',        'all',    '{refresh}',        NULL, '{}'),
		('followed_row',       '{}',        'none',   '{writer,pull}',    1,    '{}'),
		('seen_call',          '{}',        'none',   '{pull}',           1,    '{}'),
		('retention',          '{analyst}', 'all',    '{}',               NULL, '{}'),
		('audit',              '{}',        'read',   '{}',               NULL, '{}'),
		('worker',             '{}',        'update', '{}',               NULL, '{}'),
		('worker_run',         '{}',        'all',    '{}',               NULL, '{}'),
		('erasure',            '{}',        'read',   '{}',               NULL, '{}'),
		('suppressed',         '{}',        'read',   '{}',               NULL, '{}'),
		('hold',               '{}',        'read',   '{}',               8,    '{}'),
		('purpose',            '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('signal',             '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('consent',            '{analyst}', 'all',    '{refresh}',        6,    '{}'),
		('invalid_signal',     '{analyst}', 'all',    '{refresh}',        NULL, '{}'),
		('consent_proof',      '{}',        'append', '{refresh}',        NULL, '{}'),
		('plan',               '{analyst}', 'all',    '{}',               NULL, '{}'),
		('plan_violation',     '{analyst}', 'all',    '{refresh}',        2,    '{}')
	), personal (name, category, columns) AS (VALUES
		('inbox',            'identifier', '{anonymous_id,user_id,previous_id,identifiers}'),
		('inbox',            'account',    '{group_id}'),
		('inbox',            'trait',      '{traits}'),
		('inbox',            'behavior',   '{event,properties}'),
		('inbox',            'raw',        '{message_id,context}'),
		('inbox_raw',        'raw',        '{line}'),
		('quarantine',       'raw',        '{detail,record,line}'),
		('rejected_value',   'raw',        '{example}'),
		('event',            'identifier', '{anonymous_id,user_id,previous_id,identifiers}'),
		('event',            'account',    '{group_id}'),
		('event',            'trait',      '{traits}'),
		('event',            'behavior',   '{properties}'),
		('event',            'raw',        '{message_id,context,context_hash}'),
		('shared_context',   'raw',        '{context_hash,context}'),
		('base',             'account',    '{group_id}'),
		('base',             'trait',      '{traits}'),
		('base',             'behavior',   '{timeline}'),
		('base',             'raw',        '{packed}'),
		('message',          'raw',        '{message_key,content_hash}'),
		('seen_call',        'raw',        '{message_key}'),
		('statement',        'raw',        '{message_key,content_hash,version}'),
		('correction',       'raw',        '{message_id,event}'),
		('retraction',       'raw',        '{reason}'),
		('namespace',        'identifier', '{blocked}'),
		('identifier_map',   'identifier', '{hash}'),
		('identifier',       'identifier', '{identifier}'),
		('link',             'raw',        '{message_id}'),
		('verdict',          'identifier', '{a,b}'),
		('verdict',          'raw',        '{reason}'),
		('profile',          'identifier', '{identifiers}'),
		('profile',          'account',    '{accounts}'),
		('profile',          'trait',      '{traits}'),
		('profile',          'behavior',   '{timeline,level_1,level_2,level_3}'),
		('profile_identifier', 'identifier', '{identifiers}'),
		('account',          'account',    '{group_id}'),
		('account',          'trait',      '{traits}'),
		('account_member',   'account',    '{group_id}'),
		('undone',           'account',    '{group_id}'),
		('account_membership', 'account',  '{group_id}'),
		('account_membership', 'trait',    '{computed}'),
		('change',           'account',    '{group_id}'),
		('consumer_snapshot', 'account',   '{group_id}'),
		('change',           'trait',      '{value}'),
		('consumer_snapshot', 'trait',     '{value}'),
		('membership',       'trait',      '{computed}'),
		('list_identifier',  'identifier', '{hash,identifier}'),
		('seen_name',        'raw',        '{name}'),
		('segment',          'raw',        '{condition,description,error}'),
		('connected_table',  'raw',        '{place,pending,error,missed_error}'),
		('purpose',          'raw',        '{description}'),
		('consent',          'raw',        '{evidence}'),
		('followed_row',     'raw',        '{new_rows,old_rows,detail}'),
		('plan_violation',   'raw',        '{event,field,description,example_message_id}'),
		('erasure',          'raw',        '{request,reason}'),
		('erasure',          'identifier', '{identifiers,keys}'),
		('suppressed',       'identifier', '{key,tag}'),
		('hold',             'identifier', '{identifier}'),
		('hold',             'raw',        '{reason}'),
		('worker_run',       'raw',        '{error}'),
		('retention',        'raw',        '{key}'),
		('audit',            'raw',        '{detail}')
	)
	SELECT s.name, s.schemas::text[], s.keys::text[], s.distributed_by,
		   a.readers::text[],
		   a.hidden::text[], a.stewards, a.written_by::text[], a.erase_order::integer,
		   (SELECT coalesce(jsonb_object_agg(u.column_name, p.category), '{}')
			FROM personal p CROSS JOIN LATERAL unnest(p.columns::text[]) AS u (column_name)
			WHERE p.name = s.name)
	FROM shape s LEFT JOIN access a ON a.name = s.name;
END;
COMMENT ON FUNCTION cdp_internal.catalogue() IS
$comment$Internal: lists the tables that cdp.init() makes.
schemas: the table's schema, and cdp if a view of the same name shows the table to people.
keys: the columns of the primary key; {}: it has none.
distributed_by: the column by which a cluster distributes the table; reference: each node has all rows; local: not
distributed.
readers: kinds of access (see cdp.grant_access) that may read the table, besides steward; hidden: the columns that they
may not read, since a view shows what these hold.
stewards: what stewards may do with it: read, append (read, insert), update (read, update), all (read, insert, update,
delete) or none.
written_by: refresh (a batch, which locks the table first), pull (what a refresh does before it), writer or grant.
erase_order: position of the table when a person is erased; NULL: it holds nothing of a person.
personal: the columns with personal data, each with its category: identifier, trait, behavior, account or raw; those of
names, places and errors that may quote what a source has sent, too. The name of an event is behavior too, but the
planner has statistics of it in cdp_data.event, where cdp.events shows it to the same roles.$comment$;

-- IMMUTABLE and without arguments: a plan that is kept has its value.
CREATE FUNCTION cdp_internal.catalogue_tables() RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ARRAY(SELECT format('%I.%I', c.schemas[1], c.name) FROM cdp_internal.catalogue() c);
COMMENT ON FUNCTION cdp_internal.catalogue_tables() IS
	'Internal: returns the names of the tables of cdp_internal.catalogue(), with their schemas.';

CREATE FUNCTION cdp_internal.copy_column_comments(of_table regclass, to_view regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	described record;
BEGIN
	FOR described IN
		SELECT v.attname, col_description(t.attrelid, t.attnum) AS comment
		FROM pg_attribute t
		JOIN pg_attribute v ON v.attrelid = to_view AND v.attname = t.attname
		WHERE t.attrelid = of_table AND t.attnum > 0 AND NOT t.attisdropped
	LOOP
		EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', to_view, described.attname, described.comment);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.copy_column_comments(regclass, regclass) IS
	'Internal: gives the columns of a view the comments of the columns of these names of a table.';

REVOKE ALL ON FUNCTION cdp_internal.catalogue(), cdp_internal.catalogue_tables(),
	cdp_internal.copy_column_comments(regclass, regclass) FROM PUBLIC;
