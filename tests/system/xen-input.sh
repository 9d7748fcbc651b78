#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bad input at boot: command lines and ramdisks of every wrong kind, and a keyboard faster than the
# reader. Nothing of it may stop the boot or be passed over in silence.

. "$(dirname "$0")/lib.sh"

# Boots to the prompt, and powers off.
to_the_prompt() {
	check "$1: the prompt comes all the same" wait_for "pinwheel> "
	send 'poweroff\r'
	ends 0
}

boot empty-line -- ""
to_the_prompt "an empty command line"

# Xen keeps 1023 bytes of it for us.
long=$(printf 'x%.0s' {1..1000})
boot longest-line -- "loglevel=4 loglevel=7 $long "
expect 'command line: "loglevel=7" needs a level from 0 to 4'
expect 'command line: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" is not a word'
wait_for "pinwheel> "
send 'bootinfo\r'
expect "loglevel=4 loglevel=7 xxxxx"
to_the_prompt "1023 bytes of command line"

boot quiet -- quiet
expect 'Type "help"'
check "quiet means quiet" eval '! logged "mm: direct map"'
send 'dmesg\r'
expect "mm: direct map"
to_the_prompt "quiet"

# ramdisk CASE TEXT: boots with $work/ramdisk.
ramdisk() {
	boot "ramdisk-$1" --ramdisk "$work/ramdisk"
	expect "$2"
	to_the_prompt "$1"
}

good() {
	mkdir -p "$work/files"
	echo data >"$work/files/file"
	(cd "$work/files" && find . | cpio --quiet -o -H newc)
}

good >"$work/ramdisk"
ramdisk good "initramfs: 2 entries, 5 bytes of data"

good | head -c 150 >"$work/ramdisk"
ramdisk truncated "initramfs: ignored: the archive ends inside a"

echo "this is no archive" >"$work/ramdisk"
ramdisk not-an-archive "initramfs: ignored: no \"070701\" here: not a cpio archive"

# The name ./file becomes ../fil, of the same length.
good | sed 's|file\x00|../x\x00|' >"$work/ramdisk"
ramdisk hostile-name "initramfs: ignored: a name has a component \"..\""

# The field of the file's size, the seventh, says more than there is.
good | sed 's|00000005\(0000\)|7fffffff\1|' >"$work/ramdisk"
ramdisk hostile-size "initramfs: ignored: a file is larger than the rest of the archive"

good | gzip >"$work/ramdisk"
ramdisk gzip "initramfs: 2 entries, 5 bytes of data"
good | gzip | head -c 100 >"$work/ramdisk"
ramdisk gzip-truncated "initramfs: ignored: "
head -c 60M /dev/zero | gzip -1 >"$work/ramdisk"
boot ramdisk-gzip-too-large --memory 48 --ramdisk "$work/ramdisk"
expect "KiB to unpack it to are not free in one piece; give the domain more memory"
to_the_prompt gzip-too-large

head -c 4096 /dev/zero >"$work/ramdisk"
ramdisk zeros "initramfs: the ramdisk is empty"

# A file of 100 MiB; its contents do not matter.
mkdir -p "$work/files"
truncate -s 100M "$work/files/big"
good >"$work/ramdisk"
boot ramdisk-100MiB --memory 256 --ramdisk "$work/ramdisk" -- selftest
expect "initramfs: 3 entries, 104857605 bytes of data"
expect " passed, 0 failed"
ends 0
boot ramdisk-too-large --memory 105 --ramdisk "$work/ramdisk"
expect "FATAL: too little memory"
ends 1

# While the self-tests run nobody reads; what is typed meanwhile must be there afterwards. (No more than
# the 128 bytes that Xen itself keeps for dom0: on a busy machine that much may come at once.)
boot keyboard
wait_for "pinwheel> "
send 'selftest time\r'
for i in $(seq 5); do send "line$i of fast input\\r"; done
for i in $(seq 5); do
	wait_for "line$i: no such command" || fail "line $i of 5 typed ahead was lost"
done
check "five lines typed ahead were kept" [ "$(grep -ac 'no such command' "$log")" = 5 ]
to_the_prompt "typing ahead"
