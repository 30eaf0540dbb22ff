\set id random(1, :rows)
SELECT cdp.lookup(concat('user_id', chr(58), 'u', :id::text));
