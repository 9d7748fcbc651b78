#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The cache of downloads: what is in it is whole, whatever happened to the download, the disk and the
# package lists, and who has to do something about it is told what. With a repository of our own, of
# one small package, so that no network is needed.

. "$(dirname "$0")/lib.sh"

export PINWHEEL_CACHE="$work/the cache, with a comma"
unset BUSYBOX
cache=$PINWHEEL_CACHE
repository=$work/repository
busybox=$cache/busybox/bin/busybox

# publish VERSION: a repository with this version of busybox-static and no other. The program is a
# script of some size, so that there is something to lose.
publish() {
	local tree=$work/tree file
	rm -rf "$tree" "$repository"
	mkdir -p "$tree/DEBIAN" "$tree/bin" "$repository"
	printf '#!/bin/sh\n# %s\necho sh\nexit\n' "$1" >"$tree/bin/busybox"
	head -c 3M /dev/urandom >>"$tree/bin/busybox"
	chmod 755 "$tree/bin/busybox"
	(cd "$tree" && md5sum bin/busybox >DEBIAN/md5sums)
	printf '%s\n' "Package: busybox-static" "Version: $1" "Architecture: amd64" \
		"Maintainer: nobody <nobody@localhost>" "Description: a test" >"$tree/DEBIAN/control"
	file=busybox-static_$1_amd64.deb
	dpkg-deb -Znone -b "$tree" "$repository/$file" >/dev/null
	{
		cat "$tree/DEBIAN/control"
		printf '%s\n' "Filename: ./$file" "Size: $(stat -c %s "$repository/$file")" \
			"SHA256: $(sha256sum "$repository/$file" | cut -d' ' -f1)" ""
	} >"$repository/Packages"
	printf '%s\n' "Date: $(LC_ALL=C date -Ru)" "SHA256:" \
		" $(sha256sum "$repository/Packages" | cut -d' ' -f1) $(stat -c %s "$repository/Packages") Packages" \
		>"$repository/Release"
}

# An apt that knows nothing but that repository.
mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/etc" "$work/bin"
echo "deb [trusted=yes] file:$repository ./" >"$work/apt/etc/sources.list"
cat >"$work/apt.conf" <<END
Dir::Etc "$work/apt/etc";
Dir::Etc::sourcelist "$work/apt/etc/sources.list";
Dir::Etc::sourceparts "$work/apt/etc/none";
Dir::State "$work/apt/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "root";
END
export APT_CONFIG=$work/apt.conf

# instead_of COMMAND TEXT: for the next call of fetch, a script in front of COMMAND.
instead_of() {
	printf '#!/bin/sh\nreal=%s\n%s\n' "$(command -v "$1")" "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# fetch: its exit status in $status, what it says in $said.
fetch() {
	said=$(PATH=$work/bin:$PATH "${@}" "$top/scripts/fetch" busybox 2>&1)
	status=$?
	rm -f "$work/bin"/*
}

# refused WHAT TEXT: that failed, said so, and left nothing behind.
refused() {
	check "$1: refused" [ "$status" = 2 ]
	check "$1: the message says \"$2\"" grep -qF -- "$2" <<<"$said"
	check "$1: nothing is in the cache" [ ! -e "$cache/busybox" ]
	check "$1: no temporary directory stays" [ -z "$(find "$cache" -maxdepth 1 -name '.work.*')" ]
	log=
}

publish 1
apt-get -q update >/dev/null 2>&1
fetch
check "a package is fetched" [ "$status:$(tail -n 1 <<<"$said")" = "0:$busybox" ]
check "and is what it should be" cmp -s "$busybox" "$work/tree/bin/busybox"
rm -r "$cache/busybox"

# The repository's file is not what its list says, which apt sees; or it is damaged behind apt's back.
cp "$repository"/*.deb "$work/whole"
truncate -s 1M "$repository"/*.deb
fetch
refused "a truncated file in the archive" "could not fetch busybox"
cp "$work/whole" "$repository/busybox-static_1_amd64.deb"
instead_of apt-get '"$real" "$@"; status=$?; for i in *.deb; do [ ! -e "$i" ] || truncate -s 1M "$i"; done; exit $status'
fetch
refused "a truncated download" "has not the checksum that the package lists have"
instead_of apt-get '"$real" "$@"; status=$?; rm -f *.deb; exit $status'
fetch
refused "a download that is not there" "could not fetch busybox"
# Files that do not arrive as they are in the package.
instead_of tar '"$real" "$@" || exit; case "$*" in *--wildcards*) while [ "$1" != -C ]; do shift; done; truncate -s 1M "$2/bin/busybox" ;; esac'
fetch
refused "a file that is written in part" "FAILED"

# A full disk: a small one, where we may make one, or else one that says so when the file is written.
mkdir -p "$work/small"
if unshare -rm true 2>/dev/null; then
	fetch env PINWHEEL_CACHE="$work/small" unshare -rm sh -c \
		'mount -t tmpfs -o size=4m none "$PINWHEEL_CACHE" && "$@"; status=$?; ls -A "$PINWHEEL_CACHE" >'"$work/left"'; exit $status' sh
	check "a full disk: nothing is left on it" [ "$(grep -v '^apt$\|^.lock$' "$work/left")" = "" ]
else
	instead_of tar 'case "$*" in *--wildcards*) ;; *) exec "$real" "$@" ;; esac; head -c 1M >/dev/null; echo "tar: busybox: Cannot write: No space left on device" >&2; exit 2'
	fetch
fi
refused "a full disk" "no room for busybox in"

# Old lists: the version that they name is gone.
publish 2
fetch
check "old package lists: updated, and tried again" [ "$status:$(tail -n 1 <<<"$said")" = "0:$busybox" ]
check "old package lists: the new version is there" cmp -s "$busybox" "$work/tree/bin/busybox"

# What lost its contents afterwards is not used.
: >"$busybox"
fetch
check "an empty busybox in the cache: refused" [ "$status" = 2 ]
check "an empty busybox in the cache: the message says what to remove" \
	grep -qF "rm -r '$cache/busybox'" <<<"$said"
: >"$work/empty"
chmod +x "$work/empty"
said=$(BUSYBOX=$work/empty "$top/scripts/programs" "$work/initramfs" 2>&1)
check "an empty busybox of one's own: refused" [ $? = 2 ]
check "an empty busybox of one's own: no initramfs" [ ! -e "$work/initramfs" ]
rm -r "$cache/busybox"

# Killed in the middle; the next one tidies up.
instead_of tar 'case "$*" in *--wildcards*) ;; *) exec "$real" "$@" ;; esac; kill -9 "$(cat '"$work/pid"')"; sleep 1'
fetch sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$work/pid"
check "killed in the middle: nothing is in the cache" [ ! -e "$cache/busybox" ]
fetch
check "killed in the middle: the next time it works" [ "$status" = 0 ]
check "killed in the middle: and tidies up" [ -z "$(find "$cache" -maxdepth 1 -name '.work.*')" ]

# No apt at all.
rm -r "$cache/busybox"
mkdir "$work/few"
for tool in bash sh dirname mkdir flock grep sed cat tail ls rm mktemp; do
	ln -s "$(command -v $tool)" "$work/few/"
done
said=$(PATH=$work/few "$top/scripts/fetch" busybox 2>&1)
check "another distribution: refused in one line" [ "$?:$(wc -l <<<"$said")" = "2:1" ]
check "another distribution: that says what to give" grep -q "BUSYBOX=FILE" <<<"$said"
ln -s "$(command -v id)" "$work/few/"
printf '#!/bin/sh\necho riscv64\n' >"$work/few/uname"
chmod +x "$work/few/uname"
said=$(PATH=$work/few "$top/scripts/deps" 2>&1)
check "another architecture: refused in one line" [ "$?:$(wc -l <<<"$said")" = "2:1" ]
check "another architecture: that names it" grep -q "riscv64" <<<"$said"
printf '#!/bin/sh\necho x86_64\n' >"$work/few/uname"
said=$(PATH=$work/few "$top/scripts/deps" 2>&1)
check "tools that are missing on another distribution: one line" [ "$?:$(wc -l <<<"$said")" = "2:1" ]
check "tools that are missing on another distribution: all are named" grep -q "gcc.*musl-tools" <<<"$said"

# A tool that goes after the first build is missed before anything is built without it.
mkdir "$work/most"
IFS=: read -ra places <<<"$PATH"
for place in "${places[@]}"; do
	find -L "$place" -maxdepth 1 -type f -perm /111 -exec ln -sf -t "$work/most" {} + 2>/dev/null
done
rm -f "$work/most"/{cpio,apt-get}
said=$(PATH=$work/most make -s -C "$top" 2>&1)
check "a tool that has gone: make fails" [ $? != 0 ]
check "a tool that has gone: the message names it" grep -q "missing: cpio " <<<"$said"
