# The module cdp_phone enters the backends that need it and no others; where it cannot be loaded,
# E.164 still works, the rest says why, and the backend does not try again.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Copy;
use File::Path qw(make_path);
use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub output_of
{
	my $output = `@_`;
	chomp $output;
	return $output;
}

my $libdir = output_of('pg_config', '--pkglibdir');
my $sharedir = output_of('pg_config', '--sharedir');

my $node = new_node('main');
$node->safe_psql('postgres', 'CREATE EXTENSION cdp');
my $stage = $node->safe_psql('postgres', "SELECT current_setting('extension_destdir', true)");
my $module = "$stage$libdir/cdp_phone.so";
plan skip_all => 'cdp_phone is not built here' unless -e $module;

# what is mapped into the backend that runs a script
my $mapped = "SELECT count(*) > 0 FROM regexp_matches(pg_read_file('/proc/self/maps'), 'cdp_phone|libphonenumber|libprotobuf', 'g')";

SKIP:
{
	skip 'no /proc/self/maps', 2 unless -r '/proc/self/maps';
	is($node->safe_psql('postgres', qq{
		SELECT count(cdp.identifier(n, v)) FROM (VALUES ('email', 'ann\@example.com'), ('user_id', 'u-7'), ('phone', '+442079460958')) i(n, v);
		SELECT cdp.phone('+442079460958', 'GB'), cdp.normalizer_version() IS NOT NULL;
		$mapped}), "3\n+442079460958|t\nf", 'no C++ in a backend that met only E.164');
	is($node->safe_psql('postgres', "SELECT cdp.identifier('phone', '+44 20 7946 0958'); $mapped"),
		"phone:+442079460958\nt", 'the module comes with the first number in need of it');
}

# parallel workers load it too
is($node->safe_psql('postgres', q{
	CREATE TABLE typed AS SELECT '+44 20 7946 ' || lpad((i % 9000)::text, 4, '0') AS phone FROM generate_series(1, 20000) i;
	SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0;
	CREATE TEMP TABLE plan (line text);
	DO $$ DECLARE line text; BEGIN
		FOR line IN EXPLAIN SELECT count(DISTINCT p) FROM (SELECT DISTINCT cdp.identifier('phone', phone) AS p FROM typed) s LOOP INSERT INTO plan VALUES (line); END LOOP;
	END $$;
	SELECT bool_or(line LIKE '%Gather%') FROM plan;
	SELECT count(DISTINCT p) FROM (SELECT DISTINCT cdp.identifier('phone', phone) AS p FROM typed) s;
}), "t\n9000", 'a parallel plan normalises phones');

# a second installation, whose cdp_phone.so is no library
my $other = abs_path($node->basedir) . '/other';
make_path("$other$libdir", "$other$sharedir/extension");
copy($_, "$other$libdir") or die "copy $_: $!" for glob "$stage$libdir/cdp.so";
copy($_, "$other$sharedir/extension") or die "copy $_: $!" for glob "$stage$sharedir/extension/cdp*";
append_to_file("$other$libdir/cdp_phone.so", "no library\n");
$node->append_conf('postgresql.conf', "extension_destdir = '$other'");
$node->restart;

my $log_start = -s $node->logfile;
is($node->safe_psql('postgres', qq{
	BEGIN;
	CREATE TABLE kept (id cdp.identifier);
	SELECT cdp.try_identifier('phone', '+44 20 7946 0958') IS NULL;
	INSERT INTO kept VALUES ('phone:+442079460958') RETURNING id;
	\\! cp '$module' '$other$libdir/cdp_phone.so'
	SELECT cdp.try_phone('020 7946 0958', 'GB') IS NULL;
	COMMIT;
	SELECT id FROM kept;
}), "t\nphone:+442079460958\nt\nphone:+442079460958", 'without the module: E.164 works, the transaction goes on, one backend asks once');
unlike(slurp_file($node->logfile, $log_start), qr/ERROR/, 'and the log shows no error');

is($node->safe_psql('postgres', "SELECT cdp.phone('020 7946 0958', 'GB')"), '+442079460958', 'a new backend finds the module that was installed since');

unlink("$other$libdir/cdp_phone.so");
append_to_file("$other$libdir/cdp_phone.so", "no library\n");
my ($code, undef, $message) = $node->psql('postgres', "SELECT cdp.identifier('phone', '+44 20 7946 0958')", on_error_stop => 0);
like($message, qr/ERROR:  phone number "\+44 20 7946 0958" is not in E.164 form, and the module cdp_phone is not installed/, 'the error names the module');
like($message, qr/DETAIL:  The server said: .*cdp_phone\.so/, 'and what the loader said');
like($message, qr/HINT:  .*install cdp_phone/, 'and what to do');

$node->stop;
done_testing();
