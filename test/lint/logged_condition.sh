# PASS_IS_LOGGED in C and cdp_internal.is_logged_condition() in SQL are one condition
c=$(sed -n '/define PASS_IS_LOGGED/,/[^\\]$/p' src/platform/refresh/pass.h | sed '1d; s/\\$//; s/^[[:space:]]*"//; s/"[[:space:]]*$//; s/\\"/"/g' | tr -d '\n')
sql=$(sed -n "/FUNCTION cdp_internal.is_logged_condition() RETURNS/,/;\$/p" src/platform/catalogue/base.sql | sed -nE "s/^[[:space:]]*(RETURN )?'(.*)';?\$/\\2/p" | sed "s/''/'/g" | tr -d '\n')
[ -n "$c" ] && diff <(echo "$c") <(echo "$sql")
