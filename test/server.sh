# Sourced by test/check, the demo and the benchmarks: builds the tree into a private prefix, and runs
# commands as a user who may start a server (initdb refuses root).
#
# Needs: $top (the checkout), $work (a fresh directory of ours).  Gives: build_stage,
# as_server_user, $bindir, $stage, $server_config.

PG_CONFIG=${PG_CONFIG:-pg_config}

# Copies what git would give a clone, changes of today included; without git, all but what a build makes.
copy_tree() {
	local git=(git -c safe.directory='*' -C "$top")
	mkdir -p "$work/tree"
	if "${git[@]}" rev-parse --git-dir >/dev/null 2>&1; then
		"${git[@]}" ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
			[ ! -e "$top/$file" ] || printf '%s\0' "$file"
		done | tar -C "$top" --null -T - -cf - | tar -C "$work/tree" -xf -
	else
		tar -C "$top" --exclude-vcs --exclude='*.o' --exclude='*.d' --exclude='*.bc' --exclude='*.so' \
			--exclude='src/cdp--*.sql' -cf - . | tar -C "$work/tree" -xf -
	fi
}

# build_stage FLAGS: builds the copy and installs it below $stage, nothing outside it.
build_stage() {
	stage=$work/stage
	bindir=$("$PG_CONFIG" --bindir)
	make -C "$work/tree" -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" with_llvm=no COPT="$1" all >"$work/build.log" 2>&1 &&
		make -C "$work/tree" -s PG_CONFIG="$PG_CONFIG" with_llvm=no COPT="$1" install DESTDIR="$stage" >>"$work/build.log" 2>&1 || {
		cat "$work/build.log" >&2
		return 1
	}
	server_config=$work/server.conf
	stage_settings >"$server_config"
}

# build_store_test FLAGS: builds the module that calls the store, in the built copy, and installs it below $stage.
build_store_test() {
	make -C "$work/tree/test/store" -s PG_CONFIG="$PG_CONFIG" with_llvm=no COPT="$1" all install DESTDIR="$stage" >"$work/build_store_test.log" 2>&1 || {
		cat "$work/build_store_test.log" >&2
		return 1
	}
}

# How a server finds an extension outside its own prefix: Debian's extension_destdir up to 17,
# PostgreSQL's own paths from 18 on.
stage_settings() {
	local major
	major=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	if [ "$major" -ge 18 ]; then
		echo "extension_control_path = '$stage$("$PG_CONFIG" --sharedir):\$system'"
		echo "dynamic_library_path = '$stage$("$PG_CONFIG" --pkglibdir):\$libdir'"
	else
		echo "extension_destdir = '$stage'"
	fi
	echo "fsync = off"
	echo "max_prepared_transactions = 4"
}

# The user that owns the servers: ourselves, or where we are root an ordinary one.
if [ "$(id -u)" != 0 ]; then
	server_user=$(id -un)
elif getent passwd postgres >/dev/null; then
	server_user=postgres
else
	server_user=nobody
fi

as_server_user() {
	if [ "$(id -un)" = "$server_user" ]; then
		"$@"
	else
		runuser -u "$server_user" -- env HOME="$work/tmp" "$@"
	fi
}

give_to_server_user() {
	[ "$(id -u)" != 0 ] || chown -R "$server_user" "$@"
}
