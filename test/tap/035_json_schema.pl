# The official tests of JSON Schema draft-07, of Debian's package json-schema-test-suite: cdp.matches_schema answers as they
# say, but for two things that DEFINITIONS.md names: other documents are not fetched, and the content of strings is not read.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use File::Find;
use PostgreSQL::Test::Utils;
use Test::More;

my $suite = '/usr/share/json-schema-test-suite/tests/draft7';
plan skip_all => "no $suite (Debian: json-schema-test-suite)" if !-d $suite;

my $node = new_node('main');
$node->safe_psql('postgres', q{
	CREATE EXTENSION cdp;
	CREATE FUNCTION judge(document jsonb, schema jsonb) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		answer boolean := cdp.matches_schema(document, schema::text::cdp.json_schema);
	BEGIN
		IF answer = EXISTS (SELECT FROM cdp.schema_violations(document, schema::text::cdp.json_schema)) THEN
			RETURN 'its violations say the opposite';
		END IF;
		RETURN answer;
	END $$;
	CREATE FUNCTION judged(document jsonb, schema jsonb) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		detail text;
	BEGIN
		RETURN judge(document, schema);
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		RETURN concat(SQLERRM, ': ', detail);
	END $$});

my @files;
find(sub { push @files, $File::Find::name if /\.json$/ }, $suite);
my $all = 0;
for my $file (sort @files)
{
	my $name = substr($file, length($suite) + 1);
	my $json = slurp_file($file);
	$json =~ s/'/''/g;
	my $tests = "jsonb_array_elements('$json'::jsonb) g, jsonb_array_elements(g -> 'tests') t";
	$all += $node->safe_psql('postgres', "SELECT count(*) FROM $tests");
	my $wrong = $node->safe_psql('postgres', qq{
		SELECT concat_ws(' / ', g ->> 'description', t ->> 'description', judged) FROM $tests, judged(t -> 'data', g -> 'schema')
		WHERE judged IS DISTINCT FROM ((t ->> 'valid')::boolean)::text});
	if ($name eq 'refRemote.json')
	{
		my $refused = grep { !/\$ref leads out of the schema/ } split /\n/, $wrong;
		is($refused, 0, "$name: what leads out of a schema is refused") or diag($wrong);
	}
	elsif ($name eq 'optional/content.json')
	{
		is(scalar(grep { !/ \/ true$/ } split /\n/, $wrong), 0, "$name: content of strings is not read") or diag($wrong);
	}
	else
	{
		is($wrong, '', $name);
	}
}
cmp_ok($all, '>', 500, 'the suite is there');

done_testing();
