# regression inputs and outputs come in pairs (_1.out is a second right answer)
diff <(ls sql | sed 's/\.sql$//') <(ls expected | sed -E 's/(_1)?\.out$//' | sort -u)
