-- Making segments and computed traits of accounts.

CREATE FUNCTION cdp.create_account_segment(name text, condition text, description text DEFAULT NULL,
	replace boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN cdp_internal.create_segment(name, condition, description, replace, 'account');
END
$function$;
COMMENT ON FUNCTION cdp.create_account_segment(text, text, text, boolean) IS
$comment$Creates a segment of accounts: those for which a condition holds. It is made, kept, read and dropped as a
segment of people (cdp.create_segment), but for this: the condition is over the columns of cdp.account_row: what group
calls say of the account, the number of its members, and what these do, in one timeline; cdp.members_in('name') is how
many of them are in a segment of people; cdp.in_segment() and cdp.computed() name segments and computed traits of
accounts. The view cdp_segment.<name> has (group_id, since); cdp.accounts_in(name) the same and judged_at. It is judged
again when calls name the account, when its traits expire, when something happens to one of its members, when someone
comes or leaves, and as time passes. So one change costs as much as all accounts of the people whom it touches, and
their members: of an account with more than 1,000 members timeline and cdp.members_in() are NULL, and traits and number
remain; of one whose calls name more than 100,000 identifiers members is 100000. The feed has the changes, with
group_id. Segments of people and of accounts share one space of names. Returns the number of accounts in it.$comment$;

CREATE FUNCTION cdp.create_account_trait(name text, expression text, description text DEFAULT NULL,
	replace boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN cdp_internal.create_trait(name, expression, description, replace, 'account');
END
$function$;
COMMENT ON FUNCTION cdp.create_account_trait(text, text, text, boolean) IS
$comment$Creates a computed trait of accounts: an SQL expression over the columns of cdp.account_row whose value is kept
for each account. It is as a computed trait of people (cdp.create_trait), with what cdp.create_account_segment() says of
accounts. The view cdp_segment.<name> has (group_id, value, since). Returns how many accounts have a value.$comment$;

REVOKE ALL ON FUNCTION cdp.create_account_segment(text, text, text, boolean),
	cdp.create_account_trait(text, text, text, boolean) FROM PUBLIC;
