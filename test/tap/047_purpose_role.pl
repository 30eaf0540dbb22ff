# Roles that are bound to a purpose, as logins: what they reach with any client, while others refresh, withdraw and add
# months, and after a dump and restore; and that writers COPY on.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
if (check_pg_config('#define PG_VERSION_NUM 14'))
{
	plan skip_all => 'no views with the rights of their reader before PostgreSQL 15';
}
my $database = 'postgres';

sub super
{
	return $node->safe_psql($database, shift);
}

sub as
{
	my ($role, $statement) = @_;
	my ($status, $output, $errors) = $node->psql($database, $statement, extra_params => [ '-U', $role ], on_error_stop => 1);
	is($status, 0, "$role may: " . substr($statement, 0, 100)) or diag($errors);
	return $output;
}

sub refused
{
	my ($role, $statement, $message) = @_;
	my ($status, $output, $errors) = $node->psql($database, "\\set VERBOSITY verbose\n$statement", extra_params => [ '-U', $role ], on_error_stop => 1);
	like($errors, $message, "$role may not: $statement");
	return;
}

super(q{CREATE ROLE keeper LOGIN; CREATE ROLE etl LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE ann LOGIN; CREATE ROLE mark LOGIN; CREATE ROLE anon LOGIN;
	CREATE EXTENSION cdp; SELECT cdp.init('keeper'); SELECT cdp.grant_access('boss', 'steward'), cdp.grant_access('ann', 'analyst'), cdp.grant_access('etl', 'writer', '{web}')});
as('etl', q{COPY cdp.inbox (type, event, user_id, anonymous_id, traits, "timestamp", source) FROM STDIN;
track	Order	yes	d1	\N	2026-01-01	web
identify	\N	yes	\N	{"email": "yes@example.com", "plan": "pro"}	2026-01-02	web
track	Order	no	d2	\N	2026-01-01	web
identify	\N	no	\N	{"email": "no@example.com", "plan": "pro"}	2026-01-02	web
\.
});
as('boss', q{SELECT cdp.refresh(); SELECT cdp.create_purpose('marketing'), cdp.create_segment('buyers', $$ cdp.did(timeline, 'Order') $$), cdp.set_consent('user_id:yes', 'marketing', 'yes')});
# a steward that is no superuser, on tables of an owner that is none
as('boss', q{SELECT cdp.grant_access('mark', 'analyst', purpose => 'marketing', identifiers => true), cdp.grant_access('anon', 'analyst', purpose => 'marketing', traits => '{plan}')});

my $seen = q{SELECT concat_ws(' ', (SELECT count(*) FROM cdp.people), (SELECT count(*) FROM cdp.people_events), (SELECT count(*) FROM cdp.members('buyers')), (SELECT count(*) FROM cdp_data.identifier))};
is(as('mark', $seen), '1 2 1 3', 'one of two');
is(as('anon', $seen =~ s/cdp_data.identifier/cdp_segment.buyers/r), '1 2 1 1', 'also without identifiers');
is(as('ann', $seen), '2 4 2 6', 'an analyst of all sees both');
is(as('boss', $seen), '2 4 2 6', 'and so does a steward');
is(as('keeper', $seen), '2 4 2 6', 'and the owner');
is(as('anon', 'SELECT traits FROM cdp.people'), '{"plan": "pro"}', 'the traits that are listed');
is(as('mark', q{COPY cdp_data.profile (events) TO STDOUT; COPY (SELECT user_id FROM cdp_data.event) TO STDOUT}), "2\nyes\nyes", 'COPY of a table, and of a query');
refused('mark', 'SET row_security = off; SELECT * FROM cdp_data.event', qr/42501: query would be affected by row-level security policy/);
refused('mark', "SET ROLE $_", qr/42501: permission denied to set role/) for qw(boss keeper ann);
refused('mark', $_, qr/42501/)
  for 'ALTER TABLE cdp_data.profile DISABLE ROW LEVEL SECURITY', 'CREATE POLICY mine ON cdp_data.profile TO mark USING (true)', 'SELECT cdp_data.set_policies()', q{INSERT INTO cdp_data.purpose_role VALUES ('mark', 1, true)},
  q{UPDATE cdp_data.profile SET purposes = -1}, 'SELECT * FROM pg_statistic', q{SELECT cdp.grant_access('mark', 'analyst')}, q{SELECT cdp.set_consent('user_id:no', 'marketing', 'yes')};
# a dump by such a role is an error, and not a part
my ($out, $err) = ('', '');
IPC::Run::run([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-U', 'mark', '-t', 'cdp_data.profile', $database ], '>', \$out, '2>', \$err);
like($err, qr/row-level security|permission denied/, 'a dump by a bound role fails');
unlike($out, qr/example\.com/, 'and has nothing');

# writers go on, in a month that is new; it is closed, too
as('etl', qq{COPY cdp.inbox (type, event, user_id, "timestamp", source) FROM STDIN;\ntrack\tOrder\tno\t2024-03-01\tweb\n\\.\n});
is(as('boss', 'SELECT taken, accepted FROM cdp.refresh()'), '1|1', 'refreshed by a steward');
is(super(q{SELECT relrowsecurity FROM pg_class WHERE relname = 'event_2024_03'}), 't', 'a new month');
super('GRANT SELECT ON cdp_data.event_2024_03 TO mark');
is(as('mark', 'SELECT count(*) FROM cdp_data.event_2024_03'), '0', 'shows nothing even to whom it was granted');
super('REVOKE SELECT ON cdp_data.event_2024_03 FROM mark');

# a session that stays sees what holds now, by a statement and a cursor that it prepared before, and by functions that keep plans
my $session = $node->background_psql($database, extra_params => [ '-U', 'mark' ]);
$session->query_safe(q{PREPARE seen AS SELECT (SELECT count(*) FROM cdp.profiles), cdp.lookup('user_id:yes') IS NULL, cdp.lookup('user_id:no') IS NULL, (SELECT count(*) FROM cdp.events), (SELECT count(*) FROM cdp.membership)});
is($session->query_safe('EXECUTE seen'), '1|f|t|2|1', 'before');
as('boss', q{SELECT cdp.set_consent('user_id:yes', 'marketing', 'no'), cdp.set_consent('user_id:no', 'marketing', 'yes')});
is($session->query_safe('EXECUTE seen'), '1|t|f|3|1', 'after');
# in one transaction, too, but for a snapshot that it holds
$session->query_safe('BEGIN');
is($session->query_safe('EXECUTE seen'), '1|t|f|3|1', 'in a transaction');
as('boss', q{SELECT cdp.set_consent('user_id:no', 'marketing', 'no')});
is($session->query_safe('EXECUTE seen'), '0|t|t|0|0', 'the next statement knows it');
$session->query_safe('COMMIT');
# one that expires while the session is there
super(q{UPDATE cdp_data.profile SET purposes = 1, purposes_until = clock_timestamp() + interval '1 hour' WHERE profile_id = cdp.profile_of('user_id:no')});
is($session->query_safe('EXECUTE seen'), '1|t|f|3|1', 'for an hour');
super(q{UPDATE cdp_data.profile SET purposes_until = clock_timestamp() - interval '1 second' WHERE profile_id = cdp.profile_of('user_id:no')});
is($session->query_safe('EXECUTE seen'), '0|t|t|0|0', 'which has passed');
$session->quit;
as('boss', q{SELECT cdp.set_consent('user_id:no', 'marketing', 'yes')});

# of many the whole set is found: by each part of one query, and in a function
super(q{INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, "timestamp") SELECT 'track', 'View', 'n' || i, 'b' || i, '2026-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 1200) i; SELECT cdp.refresh();
	UPDATE cdp_data.profile SET purposes = 1 WHERE profile_id % 3 = 0; ANALYZE});
my $many = super(q{SELECT count(*) FROM cdp.events e JOIN cdp_data.profile p USING (profile_id) WHERE p.purposes = 1});
cmp_ok($many, '>', 300, 'many');
is(as('mark', 'SELECT (SELECT count(*) FROM cdp.events), (SELECT count(*) FROM cdp_data.event), (SELECT count(*) FROM cdp.people_events)'), "$many|$many|$many", 'all of them');
is(as('mark', 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SELECT count(*) FROM cdp_data.event'), $many, 'by workers');
is(as('mark', q{DO $$ BEGIN FOR i IN 1..3 LOOP PERFORM count(*) FROM cdp_data.event; END LOOP; END $$; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM cdp_data.event; COMMIT}), $many, 'again and again');

# dumped and restored, they are what they were
my $dump = $node->backup_dir . '/purposes.sql';
command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-U', 'postgres', '-f', $dump, $database ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-U', 'postgres', '-f', $dump, 'restored' ], 'restored');
my $mine = as('mark', $seen);
$database = 'restored';
is(as('mark', $seen), $mine, 'the same people');
is(as('anon', 'SELECT DISTINCT traits FROM cdp.people ORDER BY 1'), "{}\n{\"plan\": \"pro\"}", 'and the same traits');
refused('anon', 'SELECT * FROM cdp.profiles', qr/42501/);
is(as('boss', q{SELECT count(*) FROM cdp.access_report() WHERE reach = 'open'}), '0', 'nothing is open');

$node->stop;
done_testing();
