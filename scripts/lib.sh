# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the scripts have in common; sourced, not run. Written for bash.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Relative to the checkout, for make, which takes no path with a space; and as it is.
build_name=${BUILD:-build}
case $build_name in
/*) build=$build_name ;;
*) build=$top/$build_name ;;
esac

# Downloads are kept here, outside the checkout, so that a fresh clone does not fetch them again.
cache=${PINWHEEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pinwheel}

# Progress goes to standard error: standard output is for results.
say() {
	echo "$*" >&2
}

die() {
	echo "error: $*" >&2
	exit 2
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# Whether this machine installs Debian packages, and whether we may.
has_apt() {
	have apt-get && have dpkg-deb
}

# is_busybox FILE: or else the end. (A shell runs an empty file, as a script that does nothing.)
is_busybox() {
	local applets
	applets=$("$1" --list 2>/dev/null) && grep -qx sh <<<"$applets" ||
		die "$1 is no busybox that runs here; if it was fetched: rm -r '$cache/busybox'"
}

# without_xen FILE: what the guest printed, without carriage returns and without Xen's own messages,
# which may come in the middle of a line of the guest's.
without_xen() {
	tr -d '\r' <"$1" | sed -z 's/(XEN)[^\n]*\n//g'
}

# The file's end, for when something failed: "last_lines FILE [COUNT]".
last_lines() {
	say "--- the last lines of $1:"
	tail -n "${2:-25}" "$1" | sed 's/\r$//' >&2
	say "---"
}
