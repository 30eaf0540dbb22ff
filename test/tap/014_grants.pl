# What each kind of user may do, and that nobody else may do anything.
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
	SELECT cdp.grant('etl', 'writer'), cdp.grant('ann', 'analyst'), cdp.grant('boss', 'steward')});

sub allowed
{
	my ($role, $statement) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', $statement, extra_params => [ '-U', $role ]);
	is($status, 0, "$role may: $statement") or diag($errors);
	return $output;
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
allowed('ann', 'SELECT * FROM cdp.accounts; SELECT * FROM cdp.account_members; SELECT * FROM cdp.open_matters');
refused('ann', q{SELECT cdp.create_profile_view('cdp_segment.mine', 'email text')});
is(allowed('ann', q{SELECT count(*) FROM cdp.members('doers')}), '1', 'the segment');
is(allowed('ann', q{SELECT count(*) FROM cdp.events WHERE profile_id IS NOT NULL}), '2', 'the events');
allowed('ann', 'SELECT * FROM cdp.identities; SELECT * FROM cdp.quarantine');
refused('ann', $_)
  for q{INSERT INTO cdp.inbox (user_id) VALUES ('x')}, 'SELECT cdp.refresh()', 'SELECT cdp.init()', 'DELETE FROM cdp.quarantine',
  q{SELECT cdp.grant('ann', 'steward')};

refused('stranger', $_)
  for 'SELECT * FROM cdp.profiles', q{SELECT cdp.lookup('user_id:u1')}, 'SELECT cdp.lookup(1)', 'SELECT * FROM cdp.accounts', q{INSERT INTO cdp.inbox (user_id) VALUES ('x')},
  'SELECT cdp.refresh()', q{SELECT cdp.add_event_month('2030-01-01')};

is( $node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE c.relnamespace = 'cdp'::regnamespace AND a.grantee = 0}),
	'0', 'no table is open to PUBLIC');
allowed('boss', q{SELECT cdp.grant('etl', 'analyst')});
is(allowed('etl', 'SELECT count(*) FROM cdp.profiles'), '1', 'a steward hands out rights');

$node->stop;
done_testing();
