# The demo's shop, small: made alike each time, no row lost on the way, and stitched well.
# And a few lines in the form of the Online Retail data set.
use strict;
use warnings;

use Cwd qw(abs_path getcwd);
use Digest::MD5;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use CdpTest;

my $demo = abs_path('../demo');
my $work = PostgreSQL::Test::Utils::tempdir;
my $node = new_platform('demo');

# Makes the shop in a directory; returns the digest of its files.
sub generate
{
	my ($name, @options) = @_;
	system_or_bail('python3', "$demo/generate.py", "$work/$name", '--people', 200, '--until', '2025-06-30', @options);
	my $digest = Digest::MD5->new;
	foreach my $file (qw(inbox raw identifiers messages))
	{
		open(my $handle, '<', "$work/$name/$file.tsv") or die "$name/$file.tsv: $!";
		$digest->addfile($handle);
	}
	return $digest->hexdigest;
}

# Runs load_$name.sql of the demo where the files are.
sub load
{
	my ($database, $name) = @_;
	my $back = getcwd();
	chdir "$work/$name" or die "$work/$name: $!";
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', "$demo/load_$name.sql" ],
		"the inbox is filled: $name");
	chdir $back;
	return;
}

my $first = do { local $ENV{PYTHONHASHSEED} = 1; generate('shop') };
my $again = do { local $ENV{PYTHONHASHSEED} = 2; generate('again') };
is($again, $first, 'the same arguments make the same files');
isnt(generate('other', '--seed', 2), $first, 'another seed makes another shop');

load('postgres', 'shop');
# what was sent, to compare with
$node->safe_psql('postgres', 'CREATE TABLE sent AS TABLE cdp.inbox; CREATE TABLE sent_raw AS TABLE cdp.inbox_raw');

my %sum = (taken => 0, accepted => 0, duplicate => 0, quarantined => 0);
my $left;
do
{
	my @counts = split /\|/, $node->safe_psql('postgres', 'SELECT waiting, taken, accepted, duplicate, quarantined FROM cdp.refresh(1000)');
	$left = shift @counts;
	$sum{$_} += shift @counts foreach qw(taken accepted duplicate quarantined);
} while ($left > 0);

sub sql
{
	return $node->safe_psql('postgres', shift);
}

# conservation of rows
is($sum{taken}, sql('SELECT (SELECT count(*) FROM sent) + (SELECT count(*) FROM sent_raw)'), 'every row was taken');
is($sum{accepted} + $sum{duplicate} + $sum{quarantined}, $sum{taken}, 'every row was accepted, a duplicate or quarantined');
is(sql('SELECT count(*) FROM cdp_data.event'), $sum{accepted}, 'every accepted row is in the log');
is(sql('SELECT count(*) FROM cdp.quarantine'), $sum{quarantined}, 'every quarantined row is kept');
is(sql('SELECT sum(accepted), sum(duplicate), sum(quarantined) FROM cdp_data.source'), "$sum{accepted}|$sum{duplicate}|$sum{quarantined}",
	'the sources add up');
is(sql('SELECT sum(events) FROM cdp_data.profile'), sql('SELECT count(*) FROM cdp_data.event WHERE identifier_id <> 0'),
	'every attributed event counts in one profile');

# what people sent arrived once each, and nothing else
is( sql(q{SELECT count(*) FROM ((SELECT DISTINCT message_id FROM sent UNION SELECT line::jsonb->>'messageId' FROM sent_raw WHERE line LIKE '%messageId%')
		INTERSECT SELECT message_id FROM truth.message) s WHERE NOT EXISTS (SELECT FROM cdp_data.event e WHERE e.message_id = s.message_id)}),
	0, 'no message of a person is missing');
is(sql('SELECT count(*) FROM cdp_data.event GROUP BY message_id HAVING count(*) > 1 AND message_id IS NOT NULL'), '', 'no message is there twice');
cmp_ok($sum{duplicate}, '>', 0, 'some messages came twice');
is(sql(q{SELECT count(*) FROM cdp_data.event e WHERE source = 'crm'}), sql(q{SELECT count(*) FROM sent WHERE source = 'crm'}),
	'rows without a message_id are all accepted');
is(sql(q{SELECT count(*) FROM cdp_data.event e LEFT JOIN truth.message t USING (message_id) WHERE t.message_id IS NULL AND e.source <> 'crm'}),
	0, 'nothing malformed was accepted');
is(sql(q{SELECT string_agg(DISTINCT reason, ' ' ORDER BY reason) FROM cdp.quarantine}),
	'empty_batch empty_line invalid_identifiers invalid_json no_identifier not_an_object timestamp_out_of_range',
	'each kind of malformed row has its reason');

# the stitching
my %quality;
foreach my $line (split /\n/, sql(slurp_file("$demo/quality.sql")))
{
	my ($of, $how, $count, $precision, $recall) = split /\|/, $line;
	$quality{"$of $how"} = { precision => $precision, recall => $recall };
}
is($quality{'identifiers apart'}{precision}, '1.000', 'identifiers apart are of no other person');
cmp_ok($quality{'identifiers apart'}{recall}, '<', 0.5, 'identifiers apart are half of a person at most');
cmp_ok($quality{"$_ stitched"}{precision}, '>', 0.95, "precision over $_") foreach qw(identifiers events);
cmp_ok($quality{'identifiers stitched'}{recall}, '>', 0.6, 'recall over identifiers');
cmp_ok($quality{'events stitched'}{recall}, '>', 0.7, 'recall over events');

# the form of the real data: quotes, a cancellation, a line without a customer, a customer of two countries
mkdir "$work/retail" or die "$work/retail: $!";
append_to_file("$work/retail/lines.csv", <<'CSV');
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536381,82567,"AIRLINE LOUNGE,METAL SIGN",2,2010-12-01 09:41:00,2.1,15311,United Kingdom
536381,82567,"AIRLINE LOUNGE,METAL SIGN",2,2010-12-01 09:41:00,2.1,15311,United Kingdom
536477,21506,"FRAME 7"" \\ SINGLE",48,2010-12-01 12:27:00,2.1,12431,Australia
C536500,21506,,-1,2010-12-02 10:00:00,2.1,12431,Belgium
536600,22000,UNKNOWN,1,2010-12-03 10:00:00,0.1,,United Kingdom
CSV
system_or_bail('python3', '-c', 'import lzma, sys; lzma.open(sys.argv[2], "w").write(open(sys.argv[1], "rb").read())',
	"$work/retail/lines.csv", "$work/retail/lines.csv.xz");
foreach my $file ('lines.csv', 'lines.csv.xz')
{
	my ($rows, $error) = run_command([ 'python3', "$demo/online_retail.py", "$work/retail/$file" ]);
	is($error, '', "$file is converted");
	is(($rows =~ tr/\n//) + 1, 8, "$file: five lines, and three countries");
	append_to_file("$work/retail/inbox.tsv", "$rows\n") if $file eq 'lines.csv.xz';
}
$node->safe_psql('postgres', 'CREATE DATABASE retail');
$node->safe_psql('retail', 'CREATE EXTENSION cdp; SELECT cdp.init()');
load('retail', 'retail');
is($node->safe_psql('retail', 'SELECT taken, accepted FROM cdp.refresh()'), '8|8', 'every line is an event, equal ones too');
is( $node->safe_psql('retail', q{SELECT identifiers, traits->>'country', events FROM cdp.profiles ORDER BY identifiers}), join("\n",
		'{anonymous_id:536600}||1',
		'{user_id:12431,anonymous_id:536477,anonymous_id:C536500}|Belgium|4',
		'{user_id:15311,anonymous_id:536381}|United Kingdom|3'),
	'an invoice belongs to its customer, or is somebody');
is($node->safe_psql('retail', q{SELECT event, properties->>'description', properties->>'total' FROM cdp.events WHERE user_id = '12431' AND type = 'track' ORDER BY "timestamp"}),
	qq{Order Line|FRAME 7" \\\\ SINGLE|100.8\nOrder Line Cancelled||-2.1}, 'as it was written');
my ($none, $complaint) = run_command([ 'python3', "$demo/online_retail.py", "$work/shop/raw.tsv" ]);
like($complaint, qr/^not the Online Retail data set: it has no column/, 'another file is refused');

$node->stop;
done_testing();
