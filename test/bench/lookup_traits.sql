-- (a colon in a literal would be one of pgbench's variables)
\set id random(1, :rows)
SELECT cdp.lookup(concat('user_id', chr(58), 'u', :id::text), parts => 'traits');
