# the rooms from the bottom up; each may include itself and what stands before it
order="core util identifier identity profile behavior segment ingest privacy activation operate"
status=0
allowed=
for room in $order; do
	allowed="$allowed|$room"
	[ -d "src/$room" ] || continue
	if grep -nE '#include "(core|util|identifier|identity|profile|behavior|segment|ingest|privacy|activation|operate)/' -r "src/$room" --include='*.[ch]' --include='*.cc' |
		grep -vE "#include \"(${allowed#|})/"; then
		echo "$room reaches upwards"
		status=1
	fi
done
exit $status
