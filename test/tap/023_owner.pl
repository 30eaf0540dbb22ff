# Tables that belong to a role which is no superuser: made, filled, ruled over, granted, dumped and restored.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE ROLE etl LOGIN; CREATE ROLE ann LOGIN; CREATE ROLE boss LOGIN; CREATE DATABASE crm');

sub as
{
	my ($role, $statement, $database) = @_;
	my ($status, $output, $errors) = $node->psql($database // 'crm', $statement, extra_params => [ '-U', $role ]);
	is($status, 0, "$role may: $statement") or diag($errors);
	return $output;
}

sub refused
{
	my ($role, $statement, $message) = @_;
	my ($status, $output, $errors) = $node->psql('crm', $statement, extra_params => [ '-U', $role ]);
	like($errors, $message, "$role may not: $statement");
	return;
}

$node->safe_psql('crm', 'CREATE EXTENSION cdp');
refused('keeper', 'SELECT cdp.init()', qr/permission denied/);
$node->safe_psql('crm', q{GRANT USAGE ON SCHEMA cdp TO ann; GRANT EXECUTE ON FUNCTION cdp.init(name) TO ann});
refused('ann', q{SELECT cdp.init('keeper')}, qr/permission denied/);
my ($status, $output, $errors) = $node->psql('crm', q{SELECT cdp.init('nobody')});
like($errors, qr/role "nobody" does not exist/, 'an owner is a role');
$node->safe_psql('crm', q{SELECT cdp.init('keeper')});
is($node->safe_psql('crm', 'SELECT current_user'), 'postgres', 'and the caller is who it was');

# everything belongs to the owner, but what the extension made
is($node->safe_psql('crm', q{
	SELECT string_agg(DISTINCT relowner::regrole::text, ',') FROM pg_class WHERE relnamespace IN ('cdp'::regnamespace, 'cdp_data'::regnamespace) AND relkind IN ('r', 'p', 'v', 'S', 'i')}),
	'keeper', 'the owner of tables, views and indexes');
is($node->safe_psql('crm', q{SELECT string_agg(nspname || ' ' || nspowner::regrole, ', ' ORDER BY nspname) FROM pg_namespace WHERE nspname LIKE 'cdp%'}),
	'cdp postgres, cdp_condition keeper, cdp_data keeper, cdp_internal postgres, cdp_segment keeper', 'the owners of the schemas');

load_events($node, 3000, 0, 'crm');
is(as('keeper', 'SELECT taken, accepted FROM cdp.refresh()'), '3000|3000', 'refreshed');
as('keeper', q{SELECT cdp.create_segment('planned', $$ traits ->> 'plan' = '1' AND cdp.did(timeline, 'Event 1') $$)});
as('keeper', q{SELECT cdp.grant_access('etl', 'writer', '{web}'), cdp.grant_access('ann', 'analyst'), cdp.grant_access('boss', 'steward')});
my $members = as('ann', q{SELECT count(*) FROM cdp.members('planned')});
cmp_ok($members, '>', 0, 'the segment has members');
as('etl', q{INSERT INTO cdp.inbox (type, event, user_id, source) VALUES ('track', 'Event 1', 'u1', 'web')});
is(as('boss', 'SELECT taken, accepted FROM cdp.refresh()'), '1|1', 'refreshed by a steward');
as('boss', q{SELECT cdp.forbid('user_id:u1', 'anonymous_id:a1-0', 'two people')});
as('boss', q{SELECT cdp.set_rules('{"email": {"max_per_profile": 2}}'), cdp.set_trait_rules('{"seen": "max"}'), cdp.carry_property('Event 1', 'n')});
is(as('keeper', 'SELECT count(*) FROM cdp.verify()'), '0', 'nothing differs');
as('keeper', 'SELECT * FROM cdp.restitch(); SELECT cdp.migrate()');
is(as('keeper', q{SELECT cdp.revoke_access('boss', 'steward')}), 't', 'taken back');
refused('boss', 'SELECT * FROM cdp.refresh()', qr/permission denied/);

my $dump = $node->basedir . '/crm.dump';
$node->command_ok([ 'pg_dump', '--format=custom', '-f', $dump, $node->connstr('crm') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('copy'), $dump ], 'restore');
is(digest($node, 'copy'), digest($node, 'crm'), 'all is there');
for my $database ('crm', 'copy')
{
	$node->safe_psql($database, q{INSERT INTO cdp.inbox (message_id, type, event, user_id, "timestamp", received_at) VALUES ('late', 'track', 'Event 1', 'u2', '2026-03-01', '2026-06-01')});
	is(as('keeper', 'SELECT taken, accepted FROM cdp.refresh()', $database), '1|1', "the owner refreshes $database");
}
is(digest($node, 'copy'), digest($node, 'crm'), 'and it goes on in the same way');
is(as('ann', q{SELECT count(*) FROM cdp.members('planned')}, 'copy'), as('ann', q{SELECT count(*) FROM cdp.members('planned')}), 'for the analyst too');

# given to another role: it needs what the first owner was granted
$node->safe_psql('copy', 'CREATE ROLE heir LOGIN; REASSIGN OWNED BY keeper TO heir');
($status, $output, $errors) = $node->psql('copy', 'SELECT cdp.refresh()', extra_params => [ '-U', 'heir' ]);
like($errors, qr/permission denied/, 'heir may not refresh yet');
($status, $output, $errors) = $node->psql('copy', 'SELECT cdp.refresh()');
like($errors, qr/schema cdp_data belongs to role "heir", which may not create objects in schema cdp/, 'nor is heir trusted');
($status, $output, $errors) = $node->psql('copy', q{SELECT cdp.init('keeper')});
like($errors, qr/ERROR:  the tables of cdp are there already and belong to role "heir"/, 'keeper owns them no more');
$node->safe_psql('copy', q{SELECT cdp.init('heir')});
$node->safe_psql('copy', q{INSERT INTO cdp.inbox (type, event, user_id, "timestamp") VALUES ('track', 'Event 1', 'u3', '2026-01-01')});
is(as('heir', 'SELECT taken, accepted FROM cdp.refresh()', 'copy'), '1|1', 'the new owner refreshes');
as('heir', q{SELECT cdp.grant_access('boss', 'steward')}, 'copy');

# what works as the owner went along with the tables
my $owners = q{SELECT string_agg(DISTINCT proowner::regrole::text, ',') FROM pg_proc WHERE pronamespace = 'cdp_data'::regnamespace AND prosecdef};
is($node->safe_psql('copy', $owners), 'heir', 'so did the functions');
as('boss', 'SELECT cdp.refresh(); SELECT cdp.restitch()', 'copy');
is(as('boss', 'SELECT count(*) FROM cdp.verify()', 'copy'), '0', 'and a steward uses them');
# segments of stewards go on being judged, whoever owns the tables
as('boss', q{SELECT cdp.create_segment('calm', $$ NOT cdp.did(timeline, 'Bang') OR 1 / (1 - least(cdp.count_events(timeline, 'Bang'), 1)) > 0 $$)}, 'copy');
$node->safe_psql('copy', q{CREATE ROLE third LOGIN; REASSIGN OWNED BY heir TO third; SELECT cdp.init('third');
	INSERT INTO cdp.inbox (type, event, user_id, "timestamp") VALUES ('track', 'Bang', 'u3', '2026-01-01')});
as('boss', 'SELECT cdp.refresh()', 'copy');
is($node->safe_psql('copy', q{SELECT error FROM cdp.segment WHERE name = 'calm'}), '22012: division by zero', 'one fails');
is(as('boss', q{SELECT cdp.drop_segment('calm'); SELECT count(*) FROM cdp.verify()}, 'copy'), "\n0", 'and is dropped');
$node->safe_psql('copy', q{REASSIGN OWNED BY third TO heir; SELECT cdp.init('heir')});
# a part of the tables, or the tables without the functions: nothing works as a role that does not own them all, not even
# as a superuser, as a table's owner can have code run by who writes to it
sub mixed
{
	my ($message) = @_;
	$node->safe_psql('copy', q{INSERT INTO cdp.inbox (type, event, user_id, "timestamp") VALUES ('track', 'Event 1', 'u3', '2026-01-01')});
	for my $call ('SELECT cdp.refresh()', 'SELECT cdp.restitch()', 'SELECT * FROM cdp.verify()', q{SELECT * FROM cdp.verify('user_id:u3')}, q{SELECT cdp_data.add_event_month(now())}, 'SELECT cdp_data.gather_statistics()')
	{
		for my $role ('boss', 'postgres')
		{
			my ($status, $output, $errors) = $node->psql('copy', "\\set VERBOSITY verbose\n$call", extra_params => [ '-U', $role ]);
			like($errors, qr/55000: $message\n.*HINT:  Give all tables of cdp, and the functions of schema cdp_data, to one role/s, "$role is refused: $call");
		}
	}
	return;
}
my $month = $node->safe_psql('copy', q{SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass});
for my $table ('cdp_data.profile', 'cdp.inbox_raw', 'cdp_data.identifier_key', $month)
{
	$node->safe_psql('copy', "ALTER TABLE $table OWNER TO keeper");
	mixed(qr/table \Q$table\E belongs to role "keeper", not to role "heir"/);
	$node->safe_psql('copy', "ALTER TABLE $table OWNER TO heir");
}
my @functions = split /\n/, $node->safe_psql('copy', q{SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'cdp_data'::regnamespace AND prosecdef});
$node->safe_psql('copy', "ALTER FUNCTION $_ OWNER TO postgres") for @functions;
mixed(qr/table \S+ belongs to role "heir", not to role "postgres"/);
$node->safe_psql('copy', "ALTER FUNCTION $_ OWNER TO heir") for @functions;
is(as('boss', 'SELECT count(*) FROM cdp.refresh()', 'copy'), '1', 'as they say, all is one role\'s again');
is(as('boss', 'SELECT count(*) FROM cdp.verify()', 'copy'), '0', 'and well');

$node->stop;
done_testing();
