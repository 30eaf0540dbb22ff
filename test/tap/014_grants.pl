# What each kind of user may do, and that others may do nothing.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main');
$node->safe_psql('postgres', q{
	CREATE ROLE stranger LOGIN; CREATE ROLE etl LOGIN; CREATE ROLE ann LOGIN; CREATE ROLE boss LOGIN;
	SELECT cdp.grant_access('etl', 'writer'), cdp.grant_access('ann', 'analyst'), cdp.grant_access('boss', 'steward')});

sub allowed
{
	my ($role, $statement) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', $statement, extra_params => [ '-U', $role ]);
	is($status, 0, "$role may: $statement") or diag($errors);
	return $output;
}

sub super
{
	return $node->safe_psql('postgres', shift);
}

sub refused
{
	my ($role, $statement) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', $statement, extra_params => [ '-U', $role ]);
	like($errors, qr/permission denied/, "$role may not: $statement");
	return;
}

allowed('etl', q{INSERT INTO cdp.inbox (anonymous_id, user_id, event, "timestamp") VALUES ('a1', 'u1', 'x', '2001-02-03')});
is(allowed('etl', q{SELECT cdp.ingest('{"userId": "u1", "type": "identify", "traits": {"email": "ann@example.com"}}')}), '1', 'lines written');
refused('etl', $_)
  for 'SELECT * FROM cdp.inbox', 'SELECT * FROM cdp.profiles', 'SELECT cdp.refresh()', 'DELETE FROM cdp.inbox', q{SELECT cdp.lookup('user_id:u1')};

# the steward needs no superuser, not even for a month that has no partition yet
is(allowed('boss', 'SELECT taken, accepted FROM cdp.refresh()'), '2|2', 'refreshed');
allowed('boss', q{SELECT cdp.create_segment('doers', $$ cdp.did(timeline, 'x') $$)});

is(allowed('ann', 'SELECT identifiers, events FROM cdp.profiles'), '{user_id:u1,email:ann@example.com,anonymous_id:a1}|2', 'the person');
is(allowed('ann', q{SELECT cdp.lookup('email:ANN@example.com') -> 'traits' ->> 'email'}), 'ann@example.com', 'the lookup');
is(allowed('ann', q{SELECT cdp.lookup(cdp.profile_of('user_id:u1')) - 'events' ->> 'segments'}), '["doers"]', 'all of it');
is(allowed('boss', q{SELECT cdp.create_profile_view('cdp_segment.people', 'email text', 'user_id identifier')}), 'cdp_segment.people', 'a view of people');
allowed('boss', 'GRANT SELECT ON cdp_segment.people TO ann');
is(allowed('ann', q{SELECT * FROM cdp_segment.people, cdp.profile_view_problems('cdp_segment.people')}) =~ s/^.*\|(ann@)/$1/r, 'ann@example.com|u1|email|email|text|1|0', 'which the analyst reads');
allowed('ann', 'SELECT * FROM cdp.accounts; SELECT * FROM cdp.account_members; SELECT * FROM cdp.open_cases');
refused('ann', q{SELECT cdp.create_profile_view('cdp_segment.mine', 'email text')});
is(allowed('ann', q{SELECT count(*) FROM cdp.members('doers')}), '1', 'the segment');
is(allowed('ann', q{SELECT count(*) FROM cdp.events WHERE profile_id IS NOT NULL}), '2', 'the events');
# all that is there for analysts, asked by one
allowed('ann', $_) for
  (map { "SELECT * FROM cdp.$_" } qw(identifiers profile_row accounts account_members open_cases near_shared refused_links outvoted identifier_periods refused_traits
	sources batch namespace segment carried_property case_event verdict profile_view seen_name shared_identifiers change change_outbox consumer purpose signal consent invalid_signal)),
  q{SELECT cdp.create_consumer('feed', '{doers}', start => 'snapshot')}, q{SELECT * FROM cdp.next_changes('feed')}, q{SELECT cdp.acknowledge('feed', 0); SELECT cdp.drop_consumer('feed')},
  'SELECT * FROM cdp_data.state', 'SELECT * FROM cdp_data.profile', 'SELECT * FROM cdp.people', 'SELECT * FROM cdp.people_events', 'SELECT * FROM cdp_data.source', 'SELECT * FROM cdp_data.trait_rule',
  q{SELECT cdp.profile_of('user_id:u1'::cdp.identifier), cdp.profile_of(1::bigint), cdp.resolve_profile(99), cdp.profile_at('user_id:u1', now())},
  'SELECT * FROM cdp.events_at(now())', q{SELECT * FROM cdp.explain('user_id:u1', 'email:ann@example.com')}, q{SELECT * FROM cdp.explain('user_id:u1', 'user_id:u9')},
  q{SELECT cdp.lookup('user_id:u1', 'identifiers,traits,events,cases,segments,refused_links,accounts,provenance'), cdp.lookup('user_id:u1'::cdp.identifier)},
  q{SELECT cdp.rules(), cdp.trait_rules()}, q{SELECT cdp.is_member('doers', 1)}, q{SELECT * FROM cdp.why('doers', 1)}, q{SELECT * FROM cdp.why('doers', 'user_id:u1')}, q{SELECT * FROM cdp.why('doers', 'user_id:u1'::cdp.identifier)}, 'SELECT * FROM cdp_segment.doers',
  q{SELECT * FROM cdp.funnel_table('x -> y in 7 days', segment => 'doers')}, q{SELECT * FROM cdp.funnel_table('x -> y in 7 days', by => '{trait:email}')},
  q{SELECT * FROM cdp.funnel_table('x -> y in 7 days', by => '{property:sku}')}, q{SELECT * FROM cdp.retention_table('x', 'y', 'day', 'UTC', segment => 'doers')},
  q{SELECT * FROM cdp.paths('x', segment => 'doers')}, q{SELECT * FROM cdp.path_edges('x', segment => 'doers')}, q{SELECT * FROM cdp.rfm_table('x', 'n')},
  q{SELECT * FROM cdp.paths('x', by => '{trait:email,segment:doers}')}, q{SELECT * FROM cdp.attribution_table('x', 'n', spend => 'SELECT 1, 2', segment => 'doers')},
  q{SELECT * FROM cdp.attribution_table('x', 'n', channel => '{sku,colour}', by => '{trait:email,segment:doers}')},
  q{SELECT * FROM cdp.trend_table('x[sku = "a"]', 'day', 'UTC', '2026-01-01', '2026-02-01', 'n', by => '{trait:email,segment:doers,property:colour}', top => 1)},
  q{SELECT * FROM cdp.lifecycle_table('x', 'week', 'UTC', '2026-01-01', '2026-02-01')}, q{SELECT * FROM cdp.stickiness_table('x', 'day', 'UTC', '2026-01-01', '2026-02-01')},
  q{SELECT * FROM cdp.paths(query => 'SELECT profile_id, "timestamp", event FROM cdp.events WHERE event IS NOT NULL')},
  q{SELECT * FROM cdp.components('SELECT user_id, anonymous_id FROM cdp.events')};
refused('ann', $_)
  for 'SELECT * FROM cdp.quarantine', 'SELECT * FROM cdp.inbox', 'SELECT * FROM cdp.inbox_raw', 'SELECT * FROM cdp_data.writer', 'SELECT * FROM cdp_data.message', 'SELECT * FROM cdp_data.change', 'SELECT * FROM cdp_data.consumer', q{SELECT cdp.set_change_retention('1 day')}, 'SELECT cdp.replay()',
  'SELECT * FROM cdp.verify()', q{SELECT cdp.set_rules('{"*": {"cap": 1}}')}, q{SELECT cdp.ingest('{}')}, 'UPDATE cdp.segment SET condition = NULL', 'UPDATE cdp_data.profile SET events = 0',
  q{SELECT cdp.create_segment('mine', 'true')}, 'CREATE VIEW cdp_segment.mine AS SELECT 1', q{SELECT cdp_data.add_event_month(now())},
  q{INSERT INTO cdp.inbox (user_id) VALUES ('x')}, 'SELECT cdp.refresh()', 'SELECT cdp.init()', 'DELETE FROM cdp.quarantine',
  q{SELECT cdp.grant_access('ann', 'steward')}, q{SELECT cdp.revoke_access('etl', 'writer')}, q{SELECT cdp.set_rules('{}')}, q{SELECT cdp.set_sources('{}')},
  q{SELECT cdp.set_trait_rules('{}')}, q{SELECT cdp.preview_rules('{"email": {}}')};

refused('stranger', $_)
  for 'SELECT * FROM cdp.profiles', q{SELECT cdp.lookup('user_id:u1')}, 'SELECT cdp.lookup(1)', 'SELECT * FROM cdp.accounts', q{INSERT INTO cdp.inbox (user_id) VALUES ('x')},
  'SELECT cdp.refresh()', q{SELECT cdp_data.add_event_month('2030-01-01')};

is( $node->safe_psql('postgres', q{
		SELECT string_agg(p.oid::regprocedure::text, ' ' ORDER BY p.proname) FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[])}),
	'cdp_data.add_event_month(timestamp with time zone) cdp_data.allow_again(cdp.identifier[]) cdp_data.begin_definition() cdp_data.build_slice() cdp_data.carry_out_held() cdp_data.drop_events(timestamp with time zone,integer,boolean) cdp_data.drop_old_events(bigint,boolean) cdp_data.end_definition(integer,text) cdp_data.end_hold(cdp.identifier) cdp_data.enforce_retention(bigint) cdp_data.erase(text[],text,text,timestamp with time zone,timestamp with time zone,text,text,text,timestamp with time zone,text[]) cdp_data.follow_row() cdp_data.follow_statement() cdp_data.forget_notes() cdp_data.gather_statistics() cdp_data.hold(cdp.identifier,text,timestamp with time zone) cdp_data.load_begin(bigint) cdp_data.load_end(bigint) cdp_data.load_part() cdp_data.reapply_erasures() cdp_data.record_audit(text,bigint[],jsonb) cdp_data.refresh(bigint,boolean) cdp_data.restitch(boolean) cdp_data.retract(text[],bigint[],text,timestamp with time zone,timestamp with time zone,jsonb,text,boolean,boolean) cdp_data.retract_source(text,text,bigint) cdp_data.set_policies() cdp_data.verify(bigint,text)',
	'the functions that run as their owner');
# what was audited is in the server log too, where a rollback does not take it back
allowed('boss', q{BEGIN; SELECT cdp_data.record_audit('export_person', '{7,8}'); ROLLBACK});
is(super(q{SELECT count(*) FROM cdp.audit WHERE 7 = ANY (subjects)}), '0', 'a call that was rolled back');
like(slurp_file($node->logfile), qr/LOG:  audit \d+: export_person by role "boss", login "boss"\n.*DETAIL:  Profiles: 7, 8\./, 'is in the server log');
is( $node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE c.relnamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND a.grantee = 0}),
	'0', 'no table is open to PUBLIC');
# all that a steward does needs no more than a steward has
allowed('boss', $_) for
  q{INSERT INTO cdp.inbox_raw (line) VALUES ('no json'); SELECT cdp.refresh(); UPDATE cdp.quarantine SET line = '{"userId": "u2", "event": "x", "anonymousId": "a2"}'},
  q{SELECT cdp.replay(); SELECT cdp.ingest('{"userId": "u3", "groupId": "g", "type": "group", "traits": {"size": 3}}'); SELECT cdp.refresh()},
  q{SELECT cdp.forbid('user_id:u2', 'anonymous_id:a2'), cdp.allow('user_id:u2', 'anonymous_id:a2'), cdp.mark_shared('anonymous_id:a2', true), cdp.mark_shared('anonymous_id:a2', NULL)},
  q{SELECT cdp.unlink('user_id:u2', 'anonymous_id:a2')}, q{SELECT cdp.set_rules('{"email": {"max_links": 5, "priority": 31, "blocked": ["x@example.com"]}}'), cdp.set_rules('{"email": null}')},
  q{SELECT cdp.set_rules('{"*": {"cap": 500}}'), cdp.set_rules('{"*": {"max_identifiers": 30}}'), cdp.set_sources('{"crm": {"trust": 4, "expires_after": "100 hours"}}'), cdp.set_trait_rules('{"email": "first"}')},
  q{SELECT cdp.carry_property('x', 'total'), cdp.drop_property('x', 'total')}, q{SELECT * FROM cdp.preview_rules('{"email": {"max_links": 4}}')},
  q{INSERT INTO cdp.case_event VALUES ('Return Started', 'return', true, 'return_id'); DELETE FROM cdp.case_event WHERE kind = 'return'},
  q{SELECT cdp.restitch(), cdp.migrate()}, q{SELECT cdp.create_segment('other', 'events > 1'), cdp.create_segment('other', 'events > 2', replace => true), cdp.create_segment('third', $$ cdp.in_segment('other') $$), cdp.drop_segment('third'), cdp.drop_segment('other')};
is(allowed('boss', 'SELECT count(*) FROM cdp.verify()'), '0', 'and all is as it should be');
# what another steward keeps back does not stand in the way
super(q{CREATE ROLE deputy LOGIN; SELECT cdp.grant_access('deputy', 'steward')});
allowed('deputy', 'CREATE VIEW cdp_segment."my %s own" AS SELECT 1 AS x; CREATE TABLE cdp_segment.hidden ()');
allowed('boss', q{SELECT cdp.grant_access('ann', 'analyst'), cdp.grant_access('ann', 'steward')});
super(q{SELECT cdp.grant_access('ann', 'analyst')});
allowed('ann', 'SELECT * FROM cdp_segment."my %s own"');
allowed('boss', q{SELECT cdp.grant_access('etl', 'analyst')});
is(allowed('etl', 'SELECT count(*) > 0 FROM cdp.profiles'), 't', 'a steward hands out rights');

# what was given is taken away, and no more: the rights of a role are what they were before, but for rights to read
# columns of a table that it may read as a whole
my $rights = q{
	SELECT string_agg(concat_ws(' ', o.object, a.privilege_type, a.is_grantable, a.grantor::regrole), ', ' ORDER BY 1, o.object, a.privilege_type) FROM (
		SELECT oid::regclass::text AS object, relacl AS acl FROM pg_class UNION ALL SELECT oid::regprocedure::text, proacl FROM pg_proc
		UNION ALL SELECT nspname, nspacl FROM pg_namespace UNION ALL SELECT attrelid::regclass || '.' || attname, attacl FROM pg_attribute
			WHERE attrelid <> ALL ('{cdp_data.profile,cdp_data.rejected_value,cdp.rejected_value}'::regclass[]) OR NOT has_table_privilege('%1$s', attrelid, 'SELECT')) o
	CROSS JOIN LATERAL aclexplode(o.acl) a WHERE a.grantee = '%1$s'::regrole};
sub rights_of
{
	return super(sprintf $rights, shift);
}
super('CREATE ROLE pat LOGIN');
my %alone;
for my $kind ('writer', 'analyst', 'steward')
{
	is(super("SELECT cdp.revoke_access('pat', '$kind')"), 'f', "no $kind yet");
	super("SELECT cdp.grant_access('pat', '$kind')");
	$alone{$kind} = rights_of('pat');
	isnt($alone{$kind}, '', "a $kind has rights");
	is(super("SELECT cdp.revoke_access('pat', '$kind')"), 't', 'which are taken away');
	is(rights_of('pat'), '', 'and nothing is left');
}
is(super('SELECT count(*) FROM cdp_data.writer WHERE role = $$pat$$'), '0', 'and pat is no writer');
# of two kinds the other stays
for my $pair ([ 'writer', 'analyst' ], [ 'analyst', 'writer' ], [ 'writer', 'steward' ], [ 'steward', 'writer' ])
{
	my ($gone, $stays) = @$pair;
	super("SELECT cdp.grant_access('pat', '$_')") for sort $gone, $stays;
	is(super("SELECT cdp.revoke_access('pat', '$gone')"), 't', "no $gone any more");
	is(rights_of('pat'), $alone{$stays}, "but a $stays");
	is(super("SELECT cdp.revoke_access('pat', '$stays')"), 't', "nor a $stays");
	is(rights_of('pat'), '', 'and nothing is left');
}
super(q{SELECT cdp.grant_access('pat', 'analyst'), cdp.grant_access('pat', 'steward')});
is(super(q{SELECT cdp.revoke_access('pat', 'analyst')}), 'f', 'a steward has all of an analyst');
is(rights_of('pat'), $alone{steward}, 'which stays');
super(q{SELECT cdp.revoke_access('pat', 'steward')});
is(rights_of('pat'), '', 'until it is no steward');
# a bound writer stays bound
super(q{SELECT cdp.grant_access('pat', 'writer', '{web,app}'), cdp.grant_access('pat', 'analyst'), cdp.revoke_access('pat', 'analyst')});
is(super(q{SELECT sources FROM cdp_data.writer WHERE role = 'pat'}), '{app,web}', 'of the same sources');
is(rights_of('pat'), $alone{writer}, 'with the same rights');
allowed('pat', q{INSERT INTO cdp.inbox (user_id, event, type, source) VALUES ('u5', 'x', 'track', 'web')});
super(q{SELECT cdp.revoke_access('pat', 'writer')});
refused('pat', q{INSERT INTO cdp.inbox (user_id, event, type, source) VALUES ('u5', 'x', 'track', 'web')});
is(allowed('boss', 'SELECT accepted, quarantined FROM cdp.refresh()'), '0|1', 'what a former writer wrote');
is(allowed('boss', q{SELECT reason FROM cdp.quarantine WHERE written_by = 'pat'}), 'foreign_source', 'is set aside');
# only who gave access can take it away, a steward who has handed it on keeps it, and nothing is half done
sub refusal
{
	my ($role, $statement, $pattern) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', "\\set VERBOSITY verbose\n$statement", extra_params => [ '-U', $role ]);
	like($errors, $pattern, "$role is refused: $statement");
	return;
}
super(q{CREATE ROLE aide LOGIN; SELECT cdp.grant_access('aide', 'steward')});
allowed('aide', q{SELECT cdp.grant_access('pat', 'analyst'), cdp.grant_access('pat', 'writer')});
my $given = rights_of('pat');
refusal('postgres', q{SELECT cdp.revoke_access('pat', 'analyst')}, qr/42501.*access of role "pat" was granted by another role.*Granted by: aide/s);
refusal('boss', q{SELECT cdp.revoke_access('pat', 'writer')}, qr/42501.*access of role "pat" was granted by another role.*Granted by: aide/s);
is(rights_of('pat'), $given, 'what others gave stays');
my $of_aide = rights_of('aide');
refusal('postgres', q{SELECT cdp.revoke_access('aide', 'steward')}, qr/2BP01.*role "aide" has granted to others what it would lose/s);
is(rights_of('aide'), $of_aide, 'nothing is half done');
is(allowed('aide', q{SELECT cdp.revoke_access('pat', 'analyst'), cdp.revoke_access('pat', 'writer')}), 't|t', 'its own it takes back');
is(rights_of('pat'), '', 'all of it');
is(super(q{SELECT cdp.revoke_access('aide', 'steward')}), 't', 'and then goes itself');
is(rights_of('aide'), '', 'with all it had');
refusal('postgres', q{SELECT cdp.revoke_access('pat', 'reader')}, qr/22023.*there is no kind of access "reader"/s);
refusal('postgres', q{SELECT cdp.revoke_access('pat', NULL)}, qr/22023.*there is no kind of access/s);
refusal('postgres', q{SELECT cdp.revoke_access('nobody_at_all', 'writer')}, qr/42704.*role "nobody_at_all" does not exist/s);
refusal('postgres', q{SELECT cdp.revoke_access('postgres', 'steward')}, qr/22023.*role "postgres" owns the tables/s);

$node->stop;
done_testing();
