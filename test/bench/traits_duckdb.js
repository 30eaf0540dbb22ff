// The latest value of each key in a fixed list, in DuckDB, with its data already in memory.
//   node traits_duckdb.js load DATABASE CSV KEYS
//   node traits_duckdb.js json|columns DATABASE KEYS      prints the number of profiles, and the seconds of the second run
//   node traits_duckdb.js check DATABASE KEYS             prints profiles, values, and characters of values
const { DuckDBInstance } = require('@duckdb/node-api');

async function main([task, database, ...others]) {
	const keys = others.pop().split(',');
	const instance = await DuckDBInstance.create(database, { threads: String(process.env.THREADS || 2) });
	const connection = await instance.connect();
	const row = async (sql) => (await connection.runAndReadAll(sql)).getRows()[0];
	const each = (expression) => keys.map((key) => expression.replaceAll('KEY', key));
	// all keys are extracted from a document at once; arg_max ignores rows whose value is NULL
	const parsed = `SELECT profile_id, said_at, json_transform(traits, '{${each('"KEY": "VARCHAR"')}}') AS t FROM identify`;
	const merged = {
		json: `SELECT profile_id, ${each('arg_max(t.KEY, said_at) AS KEY')} FROM (${parsed}) GROUP BY profile_id`,
		columns: `SELECT profile_id, ${each('arg_max(KEY, said_at) AS KEY')} FROM identify_columns GROUP BY profile_id`,
	};
	if (task === 'load') {
		await connection.run(`CREATE TABLE identify AS SELECT * FROM read_csv('${others[0]}', header = false, columns = {profile_id: 'INTEGER', said_at: 'TIMESTAMP', traits: 'JSON'})`);
		await connection.run(`CREATE TABLE identify_columns AS SELECT profile_id, said_at, ${each('t.KEY AS KEY')} FROM (${parsed})`);
		await connection.run('CHECKPOINT');
		return;
	}
	if (task === 'check') {
		console.log((await row(`SELECT count(*), ${each('count(KEY)').join('+')}, ${each('sum(length(KEY))').join('+')} FROM (${merged.json})`)).join('|'));
		return;
	}
	const query = `SELECT count(*), ${each('count(KEY)').join('+')} FROM (${merged[task]})`;
	await row(query);
	const start = process.hrtime.bigint();
	const found = await row(query);
	const seconds = Number(process.hrtime.bigint() - start) / 1e9;
	console.log(String(found[0]));
	console.log('seconds ' + seconds.toFixed(4));
}

main(process.argv.slice(2)).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
