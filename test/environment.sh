# Sourced first by every script of this folder that runs something: the environment in which it runs is
# ours, so that the caller's locale, time zone, servers, build flags and tools' options change nothing.
#
# Gives: keep_environment, temporary_base, make_work, remove_work; sets PATH and umask.

# A new machine's may be empty, and that of "su" lacks sbin.
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022

# keep_environment NAME...: unsets every variable but these and those that say where the machine's tools,
# compilers, temporary files and network are.
keep_environment() {
	local name
	for name in $(compgen -e); do
		[[ " $* " != *" $name "* ]] || continue
		case $name in
			PATH | HOME | USER | LOGNAME | TERM | TMPDIR | XDG_RUNTIME_DIR | PWD | SHLVL | _) ;;
			PG_CONFIG | CC | CXX | CCACHE_* | CPATH | C_INCLUDE_PATH | CPLUS_INCLUDE_PATH | LIBRARY_PATH | LD_LIBRARY_PATH) ;;
			*_proxy | *_PROXY | SSL_CERT_* | NODE_EXTRA_CA_CERTS | NODE_PATH | npm_config_* | NPM_CONFIG_*) ;;
			*) unset "$name" 2>/dev/null || export -n "${name?}" ;;
		esac
	done
	for name in $(compgen -A function); do
		[[ $(declare -Fp "$name") != *-fx* ]] || unset -f "$name" # a function that the caller exported
	done
	export LC_ALL=C
}

# temporary_base: TMPDIR, unless its name is long (a socket's has at most 107 bytes) or has blanks, or the server's user
# cannot reach it; then /tmp
temporary_base() {
	if [[ ${TMPDIR:-} =~ ^/[A-Za-z0-9/._-]{1,40}$ ]] && anyone test -w "$TMPDIR" -a -x "$TMPDIR"; then
		echo "$TMPDIR"
	else
		echo /tmp
	fi
}

# make_work NAME: a fresh directory $work, which other users may enter, with everything temporary below it
make_work() {
	work=$(mktemp -d "$(temporary_base)/cdp-$1.XXXXXX") || exit 1
	mkdir -m 1777 "$work/tmp"
	chmod 755 "$work"
	export TMPDIR=$work/tmp
}

# anyone COMMAND...: as ourselves, or where we are root as a user who is not
anyone() {
	if [ "$(id -u)" = 0 ]; then
		runuser -u nobody -- "$@"
	else
		"$@"
	fi
}

# Ends the servers that still run below $work, and removes it.
remove_work() {
	local file pid
	while IFS= read -r file; do
		read -r pid <"$file" && kill -QUIT "$pid" && while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
	done < <(find "$work" -name postmaster.pid 2>/dev/null)
	rm -rf "$work"
}
