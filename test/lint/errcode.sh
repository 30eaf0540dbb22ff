# every ereport(ERROR, errsave and ereturn carries an errcode, in it or in the few lines behind it
! find src -name '*.c' -o -name '*.h' -o -name '*.cc' | xargs awk '
	/ereport\(ERROR|errsave\(|ereturn\(/ && !/#define/ { start = FNR; file = FILENAME; text = $0; open = 1 }
	open { text = text $0; if ($0 ~ /;/) { if (text !~ /errcode/) print file ":" start ": ereport without errcode"; open = 0 } }
' | grep .
