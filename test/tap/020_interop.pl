# psycopg2 and node's pg write to the inbox and read the views, and both see the same.  Where a driver is missing its part is skipped; node's is
# installed by npm into a temporary directory, if npm is there and reaches its registry.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clients = "$FindBin::RealBin/../interop";
my $node = new_platform('main');

my $zofia = 'user_id:u-1';
my $expected = {
	refresh => { taken => 6, waiting => 0, accepted => 4, duplicate => 1, quarantined => 1, profiles_created => 2 },
	profiles => [
		{
			profile_id => $zofia,
			first_seen => '2026-03-01T08:00:00.000Z',
			last_seen => '2026-03-02T07:30:00.000Z',
			identifiers => [ $zofia, 'email:zofia@example.com', 'anonymous_id:a-1' ],
			traits => { email => ' Zofia@Example.COM', name => "Zofia, O'Neil" },
			events => 3
		},
		{
			profile_id => 'anonymous_id:a-2',
			first_seen => '2026-03-03T00:00:00.000Z',
			last_seen => '2026-03-03T00:00:00.000Z',
			identifiers => ['anonymous_id:a-2'],
			traits => {},
			events => 1
		}
	],
	events => [
		{ profile_id => $zofia, type => 'track', event => 'Page Viewed', properties => { title => "Za\x{17c}\x{f3}\x{142}\x{107} \"g\x{119}\x{15b}l\x{105}\"\nja\x{17a}\x{144}", n => 1.5 }, source => 'web', timestamp => '2026-03-01T08:00:00.000Z' },
		{ profile_id => $zofia, type => 'identify', event => undef, properties => undef, source => 'web', timestamp => '2026-03-01T09:00:00.000Z' },
		{ profile_id => $zofia, type => 'track', event => 'Order Completed', properties => { total => 40, tags => [ 'a', 'b' ] }, source => 'shop', timestamp => '2026-03-02T07:30:00.000Z' },
		{ profile_id => 'anonymous_id:a-2', type => 'track', event => 'Page Viewed', properties => { title => "100% \\ 'quoted'" }, source => 'web', timestamp => '2026-03-03T00:00:00.000Z' }
	],
	quarantine => [ { reason => 'no_identifier', source => 'web', message_id => 'm-3' } ],
	lookup => "Zofia, O'Neil",
	asked => [ $zofia, $zofia ],
	size => 1,
	members => [ { profile_id => $zofia, answer => JSON::PP::true } ],
	refused => { code => '42601', message => 'syntax error at or near ")"', position => 11, query => 'events > 1) OR (true' }
};

# Runs a client on a database of its own and compares what it saw.
sub check_client
{
	my ($name, @command) = @_;
	my ($output, $errors) = ('', '');
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION cdp; SELECT cdp.init()');
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => $name, PYTHONIOENCODING => 'utf-8');
	ok(IPC::Run::run(\@command, '>', \$output, '2>', \$errors), "$name: runs") or diag($errors);
	my $seen = eval { decode_json($output) };
	is_deeply($seen, $expected, "$name: reads what it wrote") or diag($output);
	return;
}

sub succeeds
{
	my $output;
	return IPC::Run::run([@_], '>', \$output, '2>', \$output, IPC::Run::timeout(120));
}

# a python of the user's own may stand before Debian's in the path
my ($python) = grep { eval { succeeds($_, '-c', 'import psycopg2') } } ('python3', '/usr/bin/python3');
SKIP:
{
	skip 'psycopg2 is not installed', 2 unless $python;
	check_client('psycopg2', $python, "$clients/client.py");
}

my $modules = PostgreSQL::Test::Utils::tempdir;
sub has_node_pg
{
	return eval { succeeds('node', '-e', 'require("pg"); require("pg-copy-streams")') };
}
SKIP:
{
	skip 'node is not installed', 2 unless eval { succeeds('node', '--version') };
	local $ENV{NODE_PATH} = join(':', "$modules/node_modules", grep { $_ } $ENV{NODE_PATH});
	eval { succeeds('npm', 'install', '--prefix', $modules, '--no-audit', '--no-fund', '--fetch-retries=0', '--fetch-timeout=20000', 'pg', 'pg-copy-streams') }
	  unless has_node_pg();
	skip 'the npm packages pg and pg-copy-streams are neither installed nor to be had', 2 unless has_node_pg();
	check_client('node_pg', 'node', "$clients/client.js");
}

$node->stop;
done_testing();
