# Row security on the tables, whose owner is no superuser: refresh, restitch and verify work on all rows for a steward who
# sees none, with the very statements of a run without it, and roles see what the policies say.  And they work as the
# owner of the tables, so a steward tries to have code run as that owner.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main', settings => "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = all\npg_stat_statements.max = 10000\n");
$node->safe_psql('postgres', 'CREATE EXTENSION pg_stat_statements; CREATE ROLE keeper LOGIN; CREATE ROLE etl LOGIN; CREATE ROLE ann LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE stranger LOGIN');

sub as
{
	my ($role, $statement, $database) = @_;
	my ($status, $output, $errors) = $node->psql($database // 'secured', $statement, extra_params => [ '-U', $role ], on_error_stop => 1);
	is($status, 0, "$role may: " . substr($statement, 0, 200)) or diag($errors);
	return $output;
}

sub refused
{
	my ($role, $statement, $message, $database) = @_;
	my ($status, $output, $errors) = $node->psql($database // 'secured', "\\set VERBOSITY verbose\n$statement", extra_params => [ '-U', $role ], on_error_stop => 1);
	like($errors, $message, "$role may not: $statement");
	return;
}

sub super
{
	my ($statement, $database) = @_;
	return $node->safe_psql($database // 'secured', $statement);
}

# --- two platforms; in one row security shows the rows of people and of the log to none but the owner
for my $database ('plain', 'secured')
{
	super("CREATE DATABASE $database", 'postgres');
	super(q{CREATE EXTENSION cdp; SELECT cdp.init('keeper'); SELECT cdp.grant_access('boss', 'steward'), cdp.grant_access('ann', 'analyst'), cdp.grant_access('etl', 'writer', '{feed 1}')}, $database);
}
my $of_people = q{SELECT format('%I.%I', schemas[1], name) FROM cdp_internal.catalogue() WHERE erase_order IS NOT NULL AND name NOT LIKE 'inbox%' ORDER BY 1};
my @secured = split /\n/, super($of_people);
cmp_ok(scalar @secured, '>=', 12, 'tables of people and the log');
super("ALTER TABLE $_ ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON $_ USING (false)") for @secured;

# All that a refresh writes; the hashes of identifiers depend on a key of the installation.
sub state_of
{
	my ($database) = @_;
	return digest($node, $database) =~ s/^(map|messages)\|(\d+)\|.*$/$1|$2/mgr;
}

# in each the same happens, as a steward says
sub both
{
	my ($role, $statement, $what) = @_;
	my ($plain, $secured) = map { as($role, $statement, $_) } 'plain', 'secured';
	is($secured, $plain, $what);
	return $secured;
}
my $counts = 'SELECT taken, waiting, accepted, duplicate, quarantined, identifiers, profiles_created, profiles_merged, profiles_split, profiles_touched, reworks, identifiers_reworked, events_reanchored FROM cdp.refresh()';
for my $rows (2000, 600)
{
	load_events($node, $rows, $rows, $_) for 'plain', 'secured';
	super(q{INSERT INTO cdp.inbox (message_id, type, event, user_id, "timestamp", received_at, source, written_by) VALUES
		('old', 'track', 'Event 1', 'u1', '2019-05-01', '2026-06-01', 'feed 1', 'postgres'), ('bad', 'no such type', NULL, 'u1', '2026-01-01', '2026-06-01', 'feed 1', 'postgres'), ('foreign', 'track', 'Event 1', 'u1', '2026-01-01', '2026-06-01', 'feed 2', 'etl')}, $_)
	  for 'plain', 'secured';
	like(both('boss', $counts, 'refreshed'), qr/^\d+\|0\|\d{3,}/, 'with counts');
}
is(both('boss', q{SELECT cdp.create_segment('one', $$ cdp.did(timeline, 'Event 1') $$) > 0}, 'a segment'), 't', 'has members');
load_events($node, 500, 5000, $_) for 'plain', 'secured';
both('boss', $counts, 'refreshed, the segment judged');
is(both('boss', 'SELECT count(*) FROM cdp.verify()', 'verified'), '0', 'and nothing differs');
is(super('SELECT string_agg(state, $$ $$) FROM cdp.segment'), 'live', 'the segment lives');
is(super(q{SELECT count(*) FROM pg_class WHERE relname = 'event_2019_05' AND relowner = 'keeper'::regrole}), '1', 'a month was added');
is(super(q{SELECT string_agg(DISTINCT reason || ' ' || written_by, ', ' ORDER BY reason || ' ' || written_by) FROM cdp_data.quarantine}), 'foreign_source etl, unknown_type postgres', 'the quarantine names who wrote a row');
is(state_of('secured'), state_of('plain'), 'all is the same');

# damage shows and is mended
for my $database ('plain', 'secured')
{
	super(q{UPDATE cdp_data.link SET events = events + 1 WHERE (a, b, source_id) = (SELECT a, b, source_id FROM cdp_data.link ORDER BY a, b, source_id LIMIT 1);
		UPDATE cdp_data.profile SET events = 0 WHERE profile_id = cdp.profile_of('user_id:u2'); UPDATE cdp_data.profile SET timeline = '{}' WHERE profile_id = cdp.profile_of('user_id:u3')}, $database);
}
isnt(both('boss', 'SELECT * FROM cdp.verify() ORDER BY 1, 2, 3', 'verify sees the damage'), '', 'which it names');
my $hidden = super(q{SELECT cdp.profile_of('user_id:u2')});
for my $person ("'user_id:u2'", "'user_id:u2'::cdp.identifier", $hidden, "'$hidden'")
{
	both('boss', "SELECT * FROM cdp.verify($person)", "of one person: $person");
}
isnt(as('boss', q{SELECT stage FROM cdp.verify('user_id:u2')}), '', 'a hidden person');
refused('boss', q{SELECT * FROM cdp.verify('user_id:unheard')}, qr/42704: "user_id:unheard" belongs to no profile/);
refused('boss', q{SELECT * FROM cdp.verify(-1)}, qr/42704: there is no profile -1/);
refused('boss', q{SELECT * FROM cdp.verify('nothing')}, qr/22P02/);
both('boss', 'SELECT identifiers, links, identifiers_moved, profiles_created, profiles_merged, profiles_split, events_reanchored FROM cdp.restitch()', 'restitched');
is(both('boss', 'SELECT count(*) FROM cdp.verify()', 'verified'), '0', 'and mended');
is(state_of('secured'), state_of('plain'), 'all is the same');

# --- with the same statements: what the store does directly, it does directly in both
my $ran = q{SELECT s.query, s.calls FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = '%s' AND s.userid = 'keeper'::regrole ORDER BY s.query COLLATE "C"};
sub ran
{
	my ($database) = @_;
	return super(sprintf($ran, $database), 'postgres');
}
my $written = qr/(INSERT INTO|UPDATE) cdp_data\.(event|identifier|link|profile|message)\b/;
super('SELECT pg_stat_statements_reset()', 'postgres');
load_events($node, 300, 9000, $_) for 'plain', 'secured';
both('boss', $counts, 'refreshed');
my $direct = ran('plain');
cmp_ok(length $direct, '>', 100, 'statements ran as the owner');
is(ran('secured'), $direct, 'the same, as often');
unlike($direct, $written, 'none of them writes people or the log');
load_events($node, 300, 10000, $_) for 'plain', 'secured';
both('boss', "SET cdp.store = sql; $counts", 'refreshed by statements');
is(ran('secured'), ran('plain'), 'which are the same');
like(ran('secured'), $written, 'and write people and the log');
is(state_of('secured'), state_of('plain'), 'all is the same');
is(as('boss', 'SELECT count(*) FROM cdp.verify()'), '0', 'nothing differs');

# --- who sees what
my %read = map { $_ => 1 } split /\n/, super(q{SELECT format('%I.%I', schemas[1], name) FROM cdp_internal.catalogue() WHERE 'analyst' = ANY (readers)});
for my $table (@secured)
{
	if ($read{$table}) { is(as('ann', "SELECT count(*) FROM $table"), '0', "an analyst sees nothing of $table"); }
	else { refused('ann', "SELECT count(*) FROM $table", qr/42501: permission denied for table/); }
}
is(join(' ', grep { !$read{$_} } @secured), 'cdp_data.account_membership cdp_data.base cdp_data.change cdp_data.consumer_snapshot cdp_data.consumer_waiting cdp_data.correction cdp_data.followed_row cdp_data.hold cdp_data.list_identifier cdp_data.membership cdp_data.message cdp_data.quarantine cdp_data.seen_call cdp_data.statement cdp_data.undone', 'which are closed to analysts');
my %none = map { $_ => 1 } split /\n/, super(q{SELECT format('%I.%I', schemas[1], name) FROM cdp_internal.catalogue() WHERE stewards = 'none'});
for my $table (@secured)
{
	if ($none{$table}) { refused('boss', "SELECT count(*) FROM $table", qr/42501: permission denied for table/); }
	else { is(as('boss', "SELECT count(*) FROM $table"), '0', "nor does a steward of $table"); }
}
is(join(' ', sort keys %none), 'cdp_data.followed_row cdp_data.seen_call', 'these are of pulling alone');
cmp_ok(as('keeper', 'SELECT count(*) FROM cdp_data.event'), '>', 3000, 'the owner does');
super(q{CREATE POLICY late ON cdp_data.event TO ann USING ("timestamp" < '2020-01-01')});
is(as('ann', 'SELECT count(DISTINCT "timestamp") FROM cdp_data.event'), '1', 'and another policy another part');

# --- who may call them
my $definers = q{cdp_data.add_event_month(timestamp with time zone) cdp_data.allow_again(cdp.identifier[]) cdp_data.begin_definition() cdp_data.build_slice() cdp_data.carry_out_held() cdp_data.drop_events(timestamp with time zone,integer,boolean) cdp_data.drop_old_events(bigint,boolean) cdp_data.end_definition(integer,text) cdp_data.end_hold(cdp.identifier) cdp_data.enforce_retention(bigint) cdp_data.erase(text[],text,text,timestamp with time zone,timestamp with time zone,text,text,text,timestamp with time zone,text[]) cdp_data.gather_statistics() cdp_data.hold(cdp.identifier,text,timestamp with time zone) cdp_data.load_begin(bigint) cdp_data.load_end(bigint) cdp_data.load_part() cdp_data.reapply_erasures() cdp_data.record_audit(text,bigint[],jsonb) cdp_data.refresh(bigint,boolean) cdp_data.restitch(boolean) cdp_data.retract(text[],bigint[],text,timestamp with time zone,timestamp with time zone,jsonb,text,boolean,boolean) cdp_data.retract_source(text,text,bigint) cdp_data.set_policies() cdp_data.verify(bigint,text)};
is(super(q{SELECT string_agg(p.oid::regprocedure::text, ' ' ORDER BY p.proname) FROM pg_proc p WHERE p.pronamespace = 'cdp_data'::regnamespace AND p.prosecdef AND p.proowner = 'keeper'::regrole
		AND p.proconfig @> '{"search_path=pg_catalog, cdp, pg_temp"}'}), $definers, 'the functions that work as the owner');
super('GRANT USAGE ON SCHEMA cdp, cdp_internal TO stranger; GRANT EXECUTE ON FUNCTION cdp.refresh(bigint, boolean), cdp.restitch(boolean), cdp.verify(), cdp_internal.check_columns(), cdp_internal.check_schema(), cdp_internal.tables_are_whole() TO stranger');
for my $call ('cdp.refresh()', 'cdp.restitch()', 'cdp.verify()')
{
	refused('stranger', "SELECT $call", qr/42501: permission denied for schema cdp_data/);
}
super('GRANT USAGE ON SCHEMA cdp_data TO stranger');
for my $call (qw(refresh restitch verify))
{
	refused('stranger', "SELECT cdp.$call()", qr/42501: permission denied for function $call/);
	refused('ann', "SELECT * FROM cdp.$call()", qr/42501: permission denied for function $call/);
	refused('etl', "SELECT * FROM cdp.$call()", qr/42501: permission denied for function $call/);
}
refused($_, 'SELECT cdp_data.refresh(1, true)', qr/42501: permission denied/) for 'stranger', 'ann', 'etl';
is(as('boss', 'SELECT taken FROM cdp_data.refresh(1, true)'), '0', 'a steward may call them directly');
refused('boss', 'SELECT cdp_data.refresh(NULL, true)', qr/22023: max_rows must be at least 1/);
refused('boss', 'SELECT cdp_data.refresh(0, NULL)', qr/22023: max_rows must be at least 1/);
refused('boss', $_, qr/55000: table \S+ belongs to role "keeper", not to role "boss"/)
  for 'SELECT cdp_internal.refresh_inboxes(1, true)', 'SELECT cdp_internal.restitch_log(true)', 'SELECT cdp_internal.verify_tables(NULL, NULL)';
as('boss', q{SELECT cdp.forbid('user_id:u1', 'user_id:u9', 'two people')}, 'plain');
is(super(q{SELECT decided_by FROM cdp.verdict WHERE reason = 'two people'}, 'plain'), 'boss', 'a verdict names the steward');
# what works with the rights of the caller is refused where policies may hide rows
refused('boss', "SELECT $_", qr/42501: row security applies to role "boss" on table cdp_data\./)
  for q{cdp.forbid('user_id:u1', 'user_id:u9', 'two people')}, q{cdp.unlink('user_id:u1', 'anonymous_id:a1')}, q{cdp.mark_shared('user_id:u1', true)}, q{cdp.set_rules('{"*": {"cap": 3}}')},
  q{cdp.preview_rules('{"*": {"cap": 3}}')}, q{cdp.set_trait_rules('{"plan": "first"}')}, q{cdp.carry_property('Event 1', 'price')};
as('keeper', q{SELECT cdp.forbid('user_id:u1', 'user_id:u9', 'two people'); SELECT cdp.allow('user_id:u1', 'user_id:u9')});

# --- row security on an inbox: of what its writers may write; all of it is taken
super(q{ALTER TABLE cdp.inbox ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON cdp.inbox TO etl WITH CHECK (type = 'track')});
refused('etl', q{INSERT INTO cdp.inbox (type, user_id) VALUES ('identify', 'u1')}, qr/42501: new row violates row-level security policy for table "inbox"/);
refused('etl', qq{COPY cdp.inbox (type, user_id) FROM STDIN;\ntrack\tu1\n\\.\n}, qr/0A000: COPY FROM not supported with row-level security/);
as('etl', q{INSERT INTO cdp.inbox (type, event, user_id) VALUES ('track', 'Event 1', 'u1')});
is(as('boss', 'SELECT count(*) FROM cdp.inbox'), '0', 'a steward does not see the row');
is(as('boss', 'SELECT taken, waiting, accepted FROM cdp.refresh()'), '1|0|1', 'and takes it');
super('ALTER TABLE cdp.inbox DISABLE ROW LEVEL SECURITY');

# --- forced on the owner: refused, as the owner would not see all rows
for my $table ('cdp_data.profile', 'cdp_data.event', 'cdp.inbox')
{
	super("ALTER TABLE $table ENABLE ROW LEVEL SECURITY; ALTER TABLE $table FORCE ROW LEVEL SECURITY");
	super(q{INSERT INTO cdp.inbox (type, event, user_id) VALUES ('track', 'Event 1', 'u1')});
	for my $role ('boss', 'keeper')
	{
		refused($role, "SELECT * FROM cdp.$_()", qr/55000: row security is forced on the owner of table $table\n.*HINT:  ALTER TABLE $table NO FORCE ROW LEVEL SECURITY/s) for qw(refresh restitch verify);
	}
	is(super('SELECT count(*) FROM cdp.inbox'), '1', 'the row waits');
	super("ALTER ROLE keeper BYPASSRLS");
	is(as('boss', 'SELECT taken FROM cdp.refresh()'), '1', 'where the owner bypasses row security, it does not matter');
	super("ALTER ROLE keeper NOBYPASSRLS; ALTER TABLE $table NO FORCE ROW LEVEL SECURITY");
}
super('ALTER TABLE cdp.inbox DISABLE ROW LEVEL SECURITY');
# a condition means the same whatever a caller has set
as('boss', q{CREATE FUNCTION cdp_segment.reads() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT count(*) FROM cdp_data.profile) = 0; END $$;
	SELECT cdp.create_segment('reads', 'cdp_segment.reads()')});
super(q{INSERT INTO cdp.inbox (type, event, user_id) VALUES ('track', 'Event 1', 'u1')});
as('boss', 'SET row_security = off; SELECT cdp.refresh(); SELECT * FROM cdp.verify()');
is(super(q{SELECT string_agg(name || ' ' || state, ', ' ORDER BY name) FROM cdp.segment}), 'one live, reads live', 'the segments live');

# --- code of a steward never runs as the owner, which may be a superuser
super('CREATE DATABASE raid', 'postgres');
super(q{CREATE EXTENSION cdp; SELECT cdp.init(); SELECT cdp.grant_access('boss', 'steward');
	CREATE SCHEMA lever; GRANT ALL ON SCHEMA lever TO boss; CREATE TABLE lever.pulled (who name, what text); GRANT ALL ON lever.pulled TO boss; GRANT TEMPORARY ON DATABASE raid TO boss}, 'raid');
as('boss', q{
	CREATE FUNCTION lever.pull(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO lever.pulled VALUES (current_user, what); RETURN true; END $$;
	CREATE FUNCTION lever.trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lever.pull('trigger'); RETURN NEW; END $$}, 'raid');
my $number = 0;
# a session of the steward in which STATEMENTS run, and then all three
sub raid
{
	my ($what, $statements, $after) = @_;
	$number++;
	super(qq{INSERT INTO cdp.inbox (message_id, type, event, user_id, anonymous_id, group_id, traits, "timestamp") VALUES
		('r$number', 'track', 'Event 1', 'u$number', 'a', NULL, NULL, now()), ('s$number', 'identify', NULL, 'u$number', 'a$number', NULL, '{"plan": $number}', now()), ('g$number', 'group', NULL, 'u$number', NULL, 'g', '{"size": $number}', now())}, 'raid');
	as('boss', "$statements; SELECT cdp.refresh(); SELECT cdp.restitch(); SELECT * FROM cdp.verify() UNION ALL SELECT * FROM cdp.verify('user_id:u$number');" . ($after // ''), 'raid');
	is(super(q{SELECT string_agg(DISTINCT who || ': ' || what, ', ') FROM lever.pulled WHERE who <> 'boss'}, 'raid'), '', "$what: nothing ran as another");
	is(super('SELECT count(*) FROM cdp.inbox', 'raid'), '0', "$what: and all was taken");
	return;
}
raid('nothing', 'SELECT 1');
# relations of the batch, and tables, by their names in the schema of temporary tables
my %batch;
$batch{$_}++ for map { slurp_file($_) =~ /\b(batch_[a-z_]+)/g } glob("$FindBin::RealBin/../../src/platform/*/*.sql $FindBin::RealBin/../../src/platform/*/*.c");
cmp_ok(scalar keys %batch, '>', 40, 'names of relations of the batch');
my @tables = split /\n/, super('SELECT name FROM cdp_internal.catalogue()', 'raid');
raid('temporary views', join '; ', map { "CREATE TEMP VIEW $_ AS SELECT 1::bigint AS profile_id, 1::bigint AS identifier_id, 1::bigint AS a, 1::bigint AS b, lever.pull('view $_') AS pulled" } sort(keys %batch), @tables);
raid('temporary types', join '; ', map { qq{CREATE DOMAIN pg_temp."$_" AS pg_catalog.text CHECK (lever.pull('type $_'))} } qw(text bigint boolean tid jsonb timestamptz interval numeric integer name batch_counts identifier traits timeline regclass record));
raid('the search path', q{
	CREATE FUNCTION lever.refresh_inboxes(bigint, boolean) RETURNS bigint LANGUAGE sql AS $$ SELECT lever.pull('function')::integer::bigint $$;
	CREATE FUNCTION lever.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM lever.pull('function'); RETURN pg_catalog.clock_timestamp(); END $$;
	CREATE FUNCTION lever.eq(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN lever.pull('operator') AND pg_catalog.int8eq($1, $2); END $$;
	CREATE OPERATOR lever.= (FUNCTION = lever.eq, LEFTARG = bigint, RIGHTARG = bigint);
	CREATE VIEW lever.state AS SELECT lever.pull('view');
	SET search_path = lever, pg_temp, pg_catalog});
raid('casts and types', q{
	CREATE TYPE lever.bigint AS (x pg_catalog.int8); CREATE TYPE lever.text AS ENUM ('x'); CREATE DOMAIN lever.number AS pg_catalog.int8 CHECK (lever.pull('domain'));
	CREATE FUNCTION lever.to(pg_catalog.int8) RETURNS lever.bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM lever.pull('cast'); RETURN ROW($1)::lever.bigint; END $$;
	CREATE FUNCTION lever.back(lever.bigint) RETURNS pg_catalog.int8 LANGUAGE plpgsql AS $$ BEGIN PERFORM lever.pull('cast'); RETURN 1000; END $$;
	CREATE FUNCTION lever.to(pg_catalog.text) RETURNS lever.text LANGUAGE plpgsql AS $$ BEGIN PERFORM lever.pull('cast'); RETURN 'x'; END $$;
	CREATE CAST (pg_catalog.int8 AS lever.bigint) WITH FUNCTION lever.to(pg_catalog.int8) AS IMPLICIT;
	CREATE CAST (lever.bigint AS pg_catalog.int8) WITH FUNCTION lever.back(lever.bigint) AS IMPLICIT;
	CREATE CAST (pg_catalog.text AS lever.text) WITH FUNCTION lever.to(pg_catalog.text) AS IMPLICIT;
	SET search_path = lever, pg_catalog; SELECT cdp.refresh(ROW(1000)::lever.bigint), cdp.refresh(1000::lever.number)});
raid('settings', q{SET plpgsql.extra_warnings = 'all'; SET standard_conforming_strings = off; SET transform_null_equals = on; SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard'; SET timezone = 'Pacific/Kiritimati';
	SET bytea_output = escape; SET array_nulls = off; SET quote_all_identifiers = on; SET xmloption = document; SET extra_float_digits = 0; SET check_function_bodies = off; SET row_security = off;
	SET cdp.store = sql; SET cdp.segment_timeout = 1; SET plan_cache_mode = force_custom_plan; SET jit = on; SET jit_above_cost = 0});
raid('a cursor', q{BEGIN; DECLARE c CURSOR FOR SELECT lever.pull('cursor') FROM generate_series(1, 3); DECLARE h CURSOR WITH HOLD FOR SELECT lever.pull('held'); FETCH 1 FROM c}, 'FETCH ALL FROM c; COMMIT');
raid('prepared statements', q{PREPARE p AS SELECT lever.pull('prepared'); EXECUTE p; SET plan_cache_mode = force_generic_plan});
raid('a trigger that is deferred', q{CREATE TABLE lever.own (x integer); CREATE CONSTRAINT TRIGGER t AFTER INSERT ON lever.own DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lever.trigger();
	BEGIN; INSERT INTO lever.own SELECT r.taken FROM cdp.refresh() r}, 'COMMIT');
raid('a trigger that refreshes', q{CREATE FUNCTION lever.refresh() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM cdp.refresh(); PERFORM lever.pull('refreshed'); RETURN NEW; END $$;
	CREATE TRIGGER r BEFORE INSERT ON lever.own FOR EACH ROW EXECUTE FUNCTION lever.refresh(); INSERT INTO lever.own VALUES (1)});
super('CREATE ROLE both_ways LOGIN; GRANT boss, keeper TO both_ways; GRANT keeper TO boss', 'raid');
raid('roles, back and forth', q{SET ROLE keeper; RESET ROLE; BEGIN; SAVEPOINT s; SELECT cdp.refresh(); SET LOCAL ROLE keeper; ROLLBACK TO s; COMMIT});
super('REVOKE keeper FROM boss; REVOKE boss, keeper FROM both_ways', 'raid');
cmp_ok(super(q{SELECT count(*) FROM lever.pulled WHERE who = 'boss'}, 'raid'), '>=', 8, 'the lever works');

# a batch of the steward's own stands in the way of the next, and neither uses the other's
super(q{INSERT INTO cdp.inbox (type, event, user_id) VALUES ('track', 'Event 1', 'u1')}, 'raid');
refused('boss', q{BEGIN; SELECT cdp_internal.batch_begin(1, now()), cdp_internal.batch_stage('batch_refold', $$ SELECT 1::bigint AS profile_id WHERE lever.pull('stage') $$); SELECT cdp.refresh()},
	qr/55006: a batch is already active/, 'raid');
refused('boss', q{BEGIN; SELECT cdp.refresh(); SELECT cdp_internal.batch_number()}, qr/55000: no batch is active/, 'raid');
# a condition is judged as its owner, who has no batch
as('boss', q{CREATE FUNCTION lever.spy() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
		IF current_setting('lever.armed', true) = 'yes' THEN RAISE EXCEPTION 'as %: %', current_user, (SELECT cdp_internal.batch_number()); END IF; RETURN true; END $$;
	CREATE FUNCTION lever.climb() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
		IF current_setting('lever.armed', true) = 'yes' THEN PERFORM set_config('role', 'postgres', false); END IF; RETURN true; END $$;
	SELECT cdp.create_segment('spy', 'lever.spy()'), cdp.create_segment('climb', 'lever.climb()')}, 'raid');
super(q{INSERT INTO cdp.inbox (type, event, user_id) VALUES ('track', 'Event 1', 'u1')}, 'raid');
as('boss', q{SET lever.armed = 'yes'; SELECT cdp.refresh()}, 'raid');
is(super('SELECT string_agg(error, E\'\n\' ORDER BY name DESC) FROM cdp.segment', 'raid'), "55000: no batch is active\n42501: cannot set parameter \"role\" within security-definer function", 'a condition that looks for the batch, and one that would be the owner');

# a month is made where the tables are
my $place = PostgreSQL::Test::Utils::tempdir();
super("CREATE TABLESPACE elsewhere LOCATION '$place'", 'raid');
super(q{INSERT INTO cdp.inbox (type, event, user_id, "timestamp") VALUES ('track', 'Event 1', 'u1', '2005-03-04')}, 'raid');
as('boss', q{SET default_tablespace = elsewhere; SELECT cdp.refresh()}, 'raid');
is(super(q{SELECT count(*) FROM pg_class WHERE relname = 'event_2005_03' AND reltablespace = 0}, 'raid'), '1', 'a month lies where the others do');

$node->stop;
done_testing();
