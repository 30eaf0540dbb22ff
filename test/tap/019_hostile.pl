# What a hostile writer, analyst or steward tries: it is refused, or has no effect.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main');

sub sql
{
	my ($role, $statement) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', $statement, extra_params => [ '-U', $role ], on_error_stop => 1);
	return ($status, $output, $errors);
}

sub allowed
{
	my ($role, $statement) = @_;
	my ($status, $output, $errors) = sql($role, $statement);
	is($status, 0, "$role may: $statement") or diag($errors);
	return $output;
}

sub refused
{
	my ($role, $statement, $message) = @_;
	my ($status, $output, $errors) = sql($role, $statement);
	like($errors, $message // qr/permission denied|must be owner/, "$role may not: $statement");
	return;
}

sub super
{
	return $node->safe_psql('postgres', shift);
}

# --- writers: bound to their sources
super(q{
	CREATE ROLE web_group; CREATE ROLE web LOGIN IN ROLE web_group; CREATE ROLE shop LOGIN; CREATE ROLE free LOGIN; CREATE ROLE gone LOGIN;
	CREATE ROLE pair LOGIN IN ROLE web_group, shop; CREATE ROLE apart LOGIN NOINHERIT IN ROLE web_group;
	CREATE ROLE boss LOGIN; CREATE ROLE ann LOGIN; CREATE ROLE other LOGIN;
	SELECT cdp.grant_access('web_group', 'writer', '{web}'), cdp.grant_access('shop', 'writer', ARRAY[' shop', 'till', 'shop']), cdp.grant_access('free', 'writer'),
		cdp.grant_access('gone', 'writer', '{gone}'), cdp.grant_access('boss', 'steward'), cdp.grant_access('ann', 'analyst')});
is(super(q{SELECT string_agg(format('%s %s', role, sources), '; ' ORDER BY role) FROM cdp_data.writer}), 'free ; gone {gone}; shop {shop,till}; web_group {web}', 'the writers');

refused('web', $_)
  for q{INSERT INTO cdp.inbox (user_id, written_by) VALUES ('x', 'free')}, q{INSERT INTO cdp.inbox_raw (line, written_by) VALUES ('{}', 'free')},
  q{INSERT INTO cdp.inbox (user_id, written_by) VALUES ('x', DEFAULT)}, 'COPY cdp.inbox FROM STDIN', 'COPY cdp.inbox_raw (line, written_by) FROM STDIN',
  'SELECT written_by FROM cdp.inbox', q{INSERT INTO cdp.inbox (user_id) VALUES ('x') RETURNING user_id}, q{UPDATE cdp.inbox SET written_by = 'free'},
  'DELETE FROM cdp.inbox', 'TRUNCATE cdp.inbox', q{INSERT INTO cdp_data.writer VALUES ('web', NULL)}, q{UPDATE cdp_data.writer SET sources = NULL}, 'SELECT * FROM cdp.quarantine',
  q{SELECT cdp.grant_access('web', 'writer')}, 'SELECT cdp.replay()', 'ALTER TABLE cdp.inbox ALTER written_by SET DEFAULT 0', 'SET SESSION AUTHORIZATION free', 'SET ROLE free',
  'CREATE TABLE cdp.t ()', 'CREATE RULE r AS ON INSERT TO cdp.inbox DO NOTHING',
  'CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER t BEFORE INSERT ON cdp.inbox FOR EACH ROW EXECUTE FUNCTION pg_temp.f()';

# each row: who writes it, how, and under which source it is in the log, or why it is not
my $number = 0;
my @expected;
sub writes
{
	my ($role, $source, $becomes) = @_;
	my $name = 'm' . ++$number;
	my $literal = defined $source ? "'$source'" : 'NULL';
	allowed($role, "INSERT INTO cdp.inbox (message_id, user_id, event, source) VALUES ('$name-row', 'u', 'x', $literal)");
	allowed($role, qq(SELECT cdp.ingest('{"messageId": "$name-ingest", "userId": "u", "event": "x", "type": "track"}', $literal)));
	push @expected, "$name-ingest $becomes", "$name-row $becomes";
	return if !defined $source;
	allowed($role, qq(INSERT INTO cdp.inbox_raw (line) VALUES ('{"messageId": "$name-line", "userId": "u", "event": "x", "type": "track", "source": "$source"}')));
	push @expected, "$name-line $becomes";
	return;
}
writes('web', 'web', 'web');
writes('web', undef, 'web');
writes('web', '  ', 'web');
writes('web', ' web ', 'web');
writes('web', 'crm', 'foreign_source');
writes('web', 'Web', 'foreign_source');
writes('web', 'default', 'foreign_source');
writes('shop', 'till', 'till');
writes('shop', undef, 'foreign_source');
writes('pair', 'web', 'web');
writes('pair', 'till', 'till');
writes('pair', 'crm', 'foreign_source');
writes('free', 'crm', 'crm');
writes('free', undef, 'default');
writes('boss', 'crm', 'crm');
writes('gone', 'gone', 'foreign_source');
writes('free', 'web', 'web');
super(q{ALTER ROLE gone RENAME TO renamed});
# as the role that it may become, which is what counts
allowed('apart', q{SET ROLE web_group; INSERT INTO cdp.inbox (message_id, user_id, event) VALUES ('apart-row', 'u', 'x')});
refused('apart', q{INSERT INTO cdp.inbox (user_id) VALUES ('x')});
super(q{INSERT INTO cdp.inbox (message_id, user_id, event, source, written_by) VALUES ('lost-row', 'u', 'x', 'web', 'nobody there')});
push @expected, 'apart-row web', 'lost-row foreign_source';

my $outcome = q{SELECT string_agg(name || ' ' || outcome, E'\n' ORDER BY name) FROM (
	SELECT message_id AS name, source AS outcome FROM cdp_data.event
	UNION ALL SELECT coalesce(record ->> 'message_id', line::jsonb ->> 'messageId'), reason FROM cdp.quarantine) o};
allowed('boss', 'SELECT cdp.refresh()');
is_deeply([ sort split /\n/, super($outcome) ], [ sort @expected ], 'each row is of a source of its writer, or in quarantine');
is(super(q{SELECT string_agg(DISTINCT format('%s: %s', written_by, detail), '; ' ORDER BY format('%s: %s', written_by, detail)) FROM cdp.quarantine}),
	'gone: written_by: no such writer; nobody there: written_by: no such writer; pair: source: not a source of the writer; shop: source: not a source of the writer; web: source: not a source of the writer',
	'with the writer, and what is wrong');

# the writer is kept through replay, also where the record names another
super(q{UPDATE cdp.quarantine SET record = record || '{"written_by": "free"}' WHERE record IS NOT NULL});
my $waiting = super('SELECT count(*) FROM cdp.quarantine');
is(allowed('boss', q{SELECT cdp.replay('foreign_source')}), $waiting, 'replayed');
is(super(q{SELECT count(*) FROM (SELECT written_by FROM cdp.inbox UNION ALL SELECT written_by FROM cdp.inbox_raw) i WHERE written_by NOT IN ('web', 'shop', 'pair', 'gone', 'nobody there')}), '0', 'by who wrote them');
is(allowed('boss', 'SELECT quarantined FROM cdp.refresh()'), $waiting, 'and as foreign as before');
# what binds a writer is what it is bound to when its rows are taken
super(q{SELECT cdp.grant_access('shop', 'writer'), cdp.grant_access('renamed', 'writer', '{gone}'); UPDATE cdp.quarantine SET written_by = 'renamed' WHERE written_by = 'gone'; SELECT cdp.replay()});
allowed('boss', 'SELECT cdp.refresh()');
is(super(q{SELECT string_agg(DISTINCT written_by, ' ' ORDER BY written_by) FROM cdp.quarantine}), 'nobody there web', 'sources => NULL lifts the bond, also for who is a member');
# a name that is taken again gives nothing, nor does a right that was taken back
super(q{DROP OWNED BY shop; DROP ROLE shop; CREATE ROLE shop LOGIN; GRANT shop TO web});
allowed('web', q{INSERT INTO cdp.inbox (message_id, user_id, event, source) VALUES ('heir', 'u', 'x', 'till')});
allowed('boss', 'SELECT cdp.refresh()');
is(super(q{SELECT reason FROM cdp.quarantine WHERE record ->> 'message_id' = 'heir'}), 'foreign_source', 'the heir of a name');

# errors of grant, and roles that cannot be bound
refused('postgres', $_->[0], $_->[1])
  for [ q{SELECT cdp.grant_access('web', 'writer', '{}')}, qr/sources must not be empty/ ], [ q{SELECT cdp.grant_access('web', 'writer', '{NULL}')}, qr/source "<NULL>" is invalid/ ],
  [ q{SELECT cdp.grant_access('web', 'writer', '{web,"  "}')}, qr/is invalid/ ], [ q{SELECT cdp.grant_access('web', 'writer', ARRAY[repeat('x', 64)])}, qr/is invalid/ ], [ q{SELECT cdp.grant_access('ann', 'analyst', '{web}')}, qr/sources are given to a writer only/ ],
  [ q{SELECT cdp.grant_access('postgres', 'writer', '{web}')}, qr/role "postgres" cannot be bound to sources/ ], [ q{SELECT cdp.grant_access('nobody there', 'writer', '{web}')}, qr/does not exist/ ];
super(q{CREATE ROLE old LOGIN; GRANT INSERT ON cdp.inbox, cdp.inbox_raw TO old; CREATE ROLE deputy LOGIN IN ROLE boss});
refused('boss', q{SELECT cdp.grant_access('old', 'writer', '{web}')}, qr/role "old" cannot be bound to sources/);
refused('boss', q{SELECT cdp.grant_access('deputy', 'writer', '{web}')}, qr/role "deputy" cannot be bound to sources/);
super(q{SELECT cdp.grant_access('old', 'writer', '{web}')});
refused('old', q{INSERT INTO cdp.inbox (user_id, written_by) VALUES ('x', 'free')});
allowed('boss', q{SELECT cdp.grant_access('other', 'writer', '{web}')});
allowed('other', q{INSERT INTO cdp.inbox (user_id) VALUES ('x')});
super(q{SELECT cdp.grant_access('boss', 'writer')});
allowed('boss', q{INSERT INTO cdp.inbox (user_id, event, written_by) VALUES ('x', 'x', 'free'); SELECT cdp.refresh()});

# --- code of theirs never runs as another
super(q{
	CREATE SCHEMA lever; GRANT ALL ON SCHEMA lever TO boss, ann, web; GRANT CREATE ON SCHEMA public TO boss, ann;
	CREATE TABLE lever.pulled (who name, what text); GRANT ALL ON lever.pulled TO PUBLIC; GRANT USAGE ON SCHEMA lever TO PUBLIC;
	CREATE FUNCTION lever.pull(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO lever.pulled VALUES (current_user, what); RETURN true; END $$;
	CREATE FUNCTION lever.trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lever.pull(TG_RELID::regclass::text); RETURN NEW; END $$;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA lever TO PUBLIC});
for my $role ('web', 'ann', 'boss')
{
	for my $relation ('cdp.inbox', map { "cdp_data.$_" } qw(event profile segment state quarantine))
	{
		refused($role, $_)
		  for "CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON $relation FOR EACH ROW EXECUTE FUNCTION lever.trigger()",
		  "CREATE RULE r AS ON UPDATE TO $relation DO ALSO SELECT lever.pull('rule')", "CREATE POLICY p ON $relation USING (lever.pull('policy'))",
		  "ALTER TABLE $relation ADD COLUMN x boolean DEFAULT lever.pull('default')", "ALTER TABLE $relation ADD CHECK (lever.pull('check'))",
		  "CREATE INDEX ON $relation (lever.pull('index'))", "TRUNCATE $relation", "DROP TABLE $relation", "ALTER TABLE $relation OWNER TO $role",
		  "GRANT TRIGGER ON $relation TO PUBLIC; CREATE TRIGGER t BEFORE INSERT ON $relation EXECUTE FUNCTION lever.trigger()";
	}
	refused($role, $_)
	  for 'CREATE OR REPLACE VIEW cdp.profiles AS SELECT 1', 'CREATE OPERATOR cdp.= (FUNCTION = int48eq, LEFTARG = integer, RIGHTARG = bigint)',
	  'CREATE FUNCTION cdp.now() RETURNS timestamptz LANGUAGE sql RETURN NULL', 'CREATE TABLE cdp_data.event_2031_01 ()', 'CREATE TYPE cdp.x AS (y int)',
	  q{CREATE OR REPLACE FUNCTION cdp_data.add_event_month(month timestamptz) RETURNS void LANGUAGE sql AS ''}, q{ALTER FUNCTION cdp_data.add_event_month SECURITY INVOKER},
	  'CREATE TABLE lever.p PARTITION OF cdp_data.event FOR VALUES FROM (MINVALUE) TO (MAXVALUE)', 'CREATE TABLE lever.p () INHERITS (cdp.inbox)',
	  'CREATE TABLE lever.p (x bigint REFERENCES cdp_data.profile)', 'ALTER SCHEMA cdp RENAME TO x', 'DROP EXTENSION cdp', 'DROP SCHEMA cdp CASCADE', 'SELECT cdp.init()',
	  'COMMENT ON SCHEMA cdp IS NULL', 'UPDATE cdp.batch SET taken = 0', 'UPDATE cdp.batch SET taken = 0', 'DELETE FROM cdp.batch',
	  'DELETE FROM cdp_data.message', 'DELETE FROM cdp_data.state', 'UPDATE cdp_data.identifier_history SET profile_id = 0', 'DELETE FROM cdp_data.anchor_history';
}

# months: what refresh asks for, and nothing else
my $months = super(q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass});
refused('boss', "SELECT cdp_data.add_event_month($_)", qr/there is no month of events for/)
  for 'NULL', q{'infinity'}, q{'-infinity'}, q{'10000-01-01'}, q{'99999-01-01'}, q{'1969-12-31 23:59:59Z'}, q{'0044-03-15 BC'}, q{now() + interval '2 years'};
is(super(q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass}), $months, 'no month more');
allowed('boss', q{SET datestyle = 'SQL, DMY'; SET timezone = 'Pacific/Kiritimati'; SELECT cdp_data.add_event_month('2003-02-01Z'), cdp_data.add_event_month('2003-02-28Z')});
is(super(q{SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'event_2003_02'}), q{FOR VALUES FROM ('2003-02-01 00:00:00+00') TO ('2003-03-01 00:00:00+00')}, 'one month');

# text that a steward may write to tables is data, whoever reads it
super(q{SELECT cdp.refresh()});
my $quote = q{x'')) OR lever.pull($l$text$l$) -- %s %1$s $sql$ "};
allowed('boss', qq{
	INSERT INTO cdp_data.trait_rule VALUES ('$quote', 'last');
	INSERT INTO cdp.carried_property (event, name, path) VALUES ('$quote', '$quote', ARRAY['$quote', 'x'])}
  . qq{;
	INSERT INTO cdp.case_event VALUES ('$quote', '$quote', true, '$quote');
	SELECT cdp_internal.add_source_names(ARRAY['$quote'], 1);
	INSERT INTO cdp.namespace (namespace, priority, blocked, max_links) VALUES ('$quote', 50, ARRAY['$quote'], jsonb_build_object('$quote', 1));
	UPDATE cdp.namespace SET blocked = ARRAY['$quote'], max_links = max_links || jsonb_build_object('$quote', 1) WHERE namespace = 'email';
	INSERT INTO cdp_data.writer VALUES ('$quote', ARRAY['$quote']);
	INSERT INTO cdp.quarantine (quarantine_id, batch_id, quarantined_at, source, reason, record, written_by)
	VALUES (1000000, 1, now(), '$quote', '$quote', jsonb_build_object('message_id', '$quote', 'user_id', '$quote', 'event', '$quote', 'type', 'track',
		'source', '$quote', 'properties', jsonb_build_object('$quote', '$quote')), 'free');
	SELECT cdp.create_profile_view('cdp_segment.people', 'email text', 'plan integer');
	UPDATE cdp.profile_view SET columns = ARRAY['"x'')) OR lever.pull(\$l\$text\$l\$) -- %s" integer', 'plan text'];
	INSERT INTO cdp.inbox (type, user_id, anonymous_id, event, traits) VALUES ('identify', 'u', 'a', NULL, '{"email": "ann\@example.com", "plan": 1}')});
super(q{GRANT SELECT ON cdp_segment.people TO ann});
for my $victim ('postgres', 'ann')
{
	my $any = q{
		SELECT cdp.lookup('user_id:u', 'identifiers,traits,events,cases,segments,refused_links,accounts,provenance');
		SELECT * FROM cdp.profile_view_problems('cdp_segment.people');
		SELECT * FROM cdp.near_shared; SELECT * FROM cdp.refused_links; SELECT * FROM cdp.outvoted; SELECT * FROM cdp.refused_traits; SELECT * FROM cdp.open_cases;
		SELECT * FROM cdp.funnel_table('x -> y in 7 days'), cdp.paths('x'), cdp.retention_table('x', 'y', 'day', 'UTC'); SELECT * FROM cdp.trend_table('x', 'day', 'UTC', '2026-01-01', '2026-02-01', 'n', by => '{trait:plan,property:p}', top => 1);
		SELECT * FROM cdp.lifecycle_table('x', 'day', 'UTC', '2026-01-01', '2026-01-09'), cdp.stickiness_table('x', 'week', 'UTC', '2026-01-01', '2026-02-01'), cdp.rfm_table('x', 'n'), cdp.path_edges();
		SELECT cdp.explain('user_id:u', 'anonymous_id:a')};
	$any = q{
		SELECT cdp.replay(); SELECT cdp.refresh(); SELECT * FROM cdp.verify(); SELECT cdp.restitch(); SELECT cdp.preview_rules('{"email": {"max_links": 3}}');
		SELECT cdp.set_rules('{"email": {"max_links": 4}}'), cdp.set_rules('{"email": {"blocked": ["x"]}}'), cdp.set_trait_rules('{"plan": "first"}'), cdp.set_rules('{"*": {"cap": 900}}'),
			cdp.carry_property('x', 'total'), cdp.forbid('user_id:u', 'user_id:v'), cdp.set_sources('{"crm": {"trust": 1}}');
		SELECT cdp.grant_access('ann', 'analyst'), cdp.grant_access('boss', 'steward'), cdp.grant_access('web', 'writer', '{web}')} . ";$any"
	  if $victim eq 'postgres';
	allowed($victim, $any);
}
is(super('SELECT count(*) FROM lever.pulled'), '0', 'nothing of it ran');
is(super(q{SELECT count(*) FROM cdp.profile_view_problems('cdp_segment.people')}), '2', 'the strange column is counted as any other');

# functions, operators and types in a schema before pg_catalog on the victim's search path
allowed('boss', q{
	CREATE FUNCTION lever.eq(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN lever.pull('=') AND $1 OPERATOR(pg_catalog.=) $2; END $$;
	CREATE FUNCTION lever.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN lever.pull('=') AND $1 OPERATOR(pg_catalog.=) $2; END $$;
	CREATE FUNCTION lever.eq(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN lever.pull('=') AND $1 OPERATOR(pg_catalog.=) $2; END $$;
	CREATE FUNCTION lever.eq(cdp.identifier, cdp.identifier) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN lever.pull('=') AND $1 OPERATOR(cdp.=) $2; END $$;
	CREATE FUNCTION lever.concat(jsonb, jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN PERFORM lever.pull('||'); RETURN $1 OPERATOR(pg_catalog.||) $2; END $$;
	CREATE FUNCTION lever.concat(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM lever.pull('||'); RETURN $1 OPERATOR(pg_catalog.||) $2; END $$;
	CREATE FUNCTION lever.get(jsonb, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM lever.pull('->>'); RETURN $1 OPERATOR(pg_catalog.->>) $2; END $$;
	CREATE OPERATOR lever.= (FUNCTION = lever.eq, LEFTARG = bigint, RIGHTARG = bigint); CREATE OPERATOR lever.= (FUNCTION = lever.eq, LEFTARG = text, RIGHTARG = text);
	CREATE OPERATOR lever.= (FUNCTION = lever.eq, LEFTARG = timestamptz, RIGHTARG = timestamptz);
	CREATE OPERATOR lever.= (FUNCTION = lever.eq, LEFTARG = cdp.identifier, RIGHTARG = cdp.identifier);
	CREATE OPERATOR lever.|| (FUNCTION = lever.concat, LEFTARG = jsonb, RIGHTARG = jsonb); CREATE OPERATOR lever.|| (FUNCTION = lever.concat, LEFTARG = text, RIGHTARG = text);
	CREATE OPERATOR lever.->> (FUNCTION = lever.get, LEFTARG = jsonb, RIGHTARG = text);
	CREATE DOMAIN lever.jsonb AS pg_catalog.jsonb CHECK (lever.pull('jsonb')); CREATE DOMAIN lever.text AS pg_catalog.text CHECK (lever.pull('text'));
	CREATE FUNCTION lever.now() RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM lever.pull('now'); RETURN pg_catalog.now(); END $$});
allowed('postgres', q{
	SET search_path = lever, pg_catalog;
	INSERT INTO cdp.inbox (type, user_id, anonymous_id, event, properties) VALUES ('track', 'u', 'a2', 'x', '{"p": 1}');
	SELECT cdp.ingest('{"userId": "u", "event": "y", "type": "track"}'); SELECT cdp.refresh();
	SELECT cdp.lookup('user_id:u', 'identifiers,traits,events,cases,segments,refused_links,accounts,provenance'), cdp.lookup('user_id:u'::cdp.identifier), cdp.lookup(1);
	SELECT * FROM cdp.verify(); SELECT cdp.restitch(); SELECT cdp.set_rules('{"email": {"max_links": 5}}'); SELECT cdp.preview_rules('{"email": {"max_links": 3}}');
	SELECT cdp.create_segment('s', 'events > 0'); SELECT cdp.members('s'), cdp.is_member('s', 1); SELECT cdp.drop_segment('s');
	SELECT cdp.create_profile_view('cdp_segment.more', 'plan integer', 'email identifier'); SELECT * FROM cdp_segment.more; SELECT * FROM cdp.profile_view_problems('cdp_segment.more');
	SELECT * FROM cdp.profiles, cdp.identifiers; SELECT * FROM cdp.refused_links, cdp.outvoted; SELECT * FROM cdp.accounts, cdp.account_members; SELECT * FROM cdp.open_cases, cdp.near_shared;
	SELECT cdp.did(timeline, 'x', within => '7 days'), cdp.sum(timeline, 'x', 'p') FROM cdp.profile_row;
	SELECT * FROM cdp.funnel_table('x -> y in 7 days', by => '{property:p}'), cdp.retention_table('x', 'y', 'day', 'UTC'), cdp.paths('x'); SELECT * FROM cdp.trend_table('x', 'day', 'UTC', '2026-01-01', '2026-02-01', 'n', by => '{trait:plan,property:p}', top => 1);
		SELECT * FROM cdp.lifecycle_table('x', 'day', 'UTC', '2026-01-01', '2026-01-09'), cdp.stickiness_table('x', 'week', 'UTC', '2026-01-01', '2026-02-01'), cdp.rfm_table('x', 'n'), cdp.path_edges();
	SELECT cdp.explain('user_id:u', 'anonymous_id:a'), cdp.profile_at('user_id:u', pg_catalog.now()); SELECT * FROM cdp.events_at(pg_catalog.now());
	SELECT cdp.forbid('user_id:u', 'user_id:w'), cdp.allow('user_id:u', 'user_id:w'), cdp.unlink('user_id:u', 'anonymous_id:a2'), cdp.mark_shared('anonymous_id:a', true);
	SELECT cdp.grant_access('ann', 'analyst'), cdp.grant_access('boss', 'steward'), cdp.grant_access('web', 'writer', '{web}'); SELECT cdp.migrate()});
is(super(q{SELECT string_agg(DISTINCT who || ' ' || what, ', ') FROM lever.pulled}), '', 'a search path leads no role to the functions of others');
is(super('SELECT lever.pull(NULL); SELECT count(*) FROM lever.pulled'), "t\n1", 'the lever works');

$node->stop;
done_testing();
