# cdp.verify() beside refreshes, verdicts and changes of rules in other sessions: it finds nothing, and makes nobody wait.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('verify');
load_events($node, 2000);

# A session that writes, 12 times.
my $writes = $node->basedir . '/writes.sql';
append_to_file($writes, qq{
	INSERT INTO cdp.inbox (type, event, message_id, user_id, anonymous_id, "timestamp")
	SELECT 'track', 'View', 'w$_ ' || i, 'u' || (i * $_) % 40, 'a' || (i * 7 + $_) % 60, timestamptz '2026-01-01' + i * interval '1 minute' FROM generate_series(1, 100) i;
	SELECT taken FROM cdp.refresh();
	SELECT cdp.forbid('user_id:u' || $_ % 40, 'anonymous_id:a' || $_ % 60);
	SELECT cdp.set_rules(jsonb_build_object('anonymous_id', jsonb_build_object('max_per_profile', 3 + $_ % 3)));
}) for 1 .. 12;
my $output = '';
my $session = IPC::Run::start([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', $writes ], '>', \$output, '2>', \$output);

my $rounds = 0;
my $meanwhile = 0;
my $found = '';
do
{
	my $before = $node->safe_psql('postgres', 'SELECT batch_id FROM cdp_data.state');
	$found .= $node->safe_psql('postgres', 'SELECT * FROM cdp.verify()');
	$meanwhile++ if $node->safe_psql('postgres', 'SELECT batch_id FROM cdp_data.state') > $before;
	$rounds++;
	$session->pump_nb;
} while ($found eq '' && $session->pumpable && $rounds < 500);
ok($session->finish, 'the other session wrote') or diag($output);
is($found, '', "no differences in $rounds rounds");
cmp_ok($meanwhile, '>', 0, 'while batches were committed');

# A snapshot from before a refresh: what follows is not seen, by none of the queries.
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM cdp_data.state');
$node->safe_psql('postgres', q{INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, "timestamp") SELECT 'track', 'View', 'new' || i, 'a' || i % 60, '2026-02-01' FROM generate_series(1, 300) i;
	SELECT cdp.refresh(); SELECT cdp.unlink('user_id:new1', 'anonymous_id:a1')});
is($reader->query_safe('SELECT count(*) FROM cdp.verify()'), '0', 'an old snapshot is whole');
# the locks of a reader hold up no refresh
$node->safe_psql('postgres', q{INSERT INTO cdp.inbox (type, event, user_id) VALUES ('track', 'View', 'u1'); SET lock_timeout = '10s'; SELECT cdp.refresh()});
is($node->safe_psql('postgres', 'SELECT count(*) FROM cdp.inbox'), '0', 'a refresh does not wait for the reader');
$reader->quit;
is($node->safe_psql('postgres', 'SELECT * FROM cdp.verify()'), '', 'nor does a new one differ');

# It can be cancelled.
my ($status, undef, $errors) = $node->psql('postgres', q{SET statement_timeout = '5ms'; SELECT count(*) FROM cdp.verify()});
like($errors, qr/statement timeout/, 'cancelled');

$node->stop;
done_testing();
