# What else goes on in a database must not stop a refresh, nor a refresh it: publications, open
# transactions of analysts, large batches under a held snapshot, other isolation levels.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_platform('main', allows_streaming => 'logical', settings => "autovacuum = off\n");
$node->safe_psql('postgres', q{CREATE PUBLICATION everything FOR ALL TABLES});
load_events($node, 20000);

my $analyst = $node->background_psql('postgres');
$analyst->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM cdp.inbox; SELECT count(*) FROM cdp.events; SELECT count(*) FROM cdp.profiles');
$node->safe_psql('postgres', q{SET lock_timeout = '10s'; SELECT cdp.refresh()});
is($node->safe_psql('postgres', 'SELECT count(*) FROM cdp.events'), '20000', 'refreshed under a publication and an open snapshot');
is($analyst->query_safe('SELECT count(*) FROM cdp.profiles'), '0', 'an analyst still sees what there was');
is($analyst->query_safe('SELECT count(*) FROM cdp.inbox'), '20000', '… and the rows in the inbox');
$analyst->query_safe('COMMIT');

load_events($node, 20000, 20000);
$node->safe_psql('postgres', q{SELECT cdp.refresh()});
cmp_ok($node->safe_psql('postgres', q{SELECT pg_relation_size('cdp.inbox')}), '>', 0, 'a refresh never truncates the inbox');
$node->safe_psql('postgres', 'VACUUM cdp.inbox');
is($node->safe_psql('postgres', q{SELECT pg_relation_size('cdp.inbox')}), '0', 'vacuum frees its space');

my ($status, $output, $errors) = $node->psql('postgres', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT cdp.refresh()');
isnt($status, 0, 'repeatable read is refused');
like($errors, qr/read committed/, 'with the reason');

# an error in a subtransaction leaves nothing behind that the next refresh would trip over
load_events($node, 100, 40000);
$node->safe_psql('postgres', q{
	DO $$
	BEGIN
		PERFORM cdp.refresh();
		RAISE EXCEPTION 'undone';
	EXCEPTION WHEN raise_exception THEN
		PERFORM cdp.refresh();
	END $$});
is($node->safe_psql('postgres', 'SELECT count(*), max(batch_id) FROM cdp.events'), '40100|3', 'a refresh after one that was rolled back');

$analyst->quit;
$node->stop;
done_testing();
