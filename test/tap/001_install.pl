# The extension survives a restart, and dumps and restores as one line.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
$node->safe_psql('postgres', 'CREATE EXTENSION cdp');
$node->restart;
is($node->safe_psql('postgres', "SELECT extversion FROM pg_extension WHERE extname = 'cdp'"), '1.0', 'there after a restart');

my $dump = $node->backup_dir . '/cdp.sql';
mkdir $node->backup_dir;
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], 'restore');
is($node->safe_psql('restored', "SELECT extversion FROM pg_extension WHERE extname = 'cdp'"), '1.0', 'there after a restore');

$node->stop;
done_testing();
