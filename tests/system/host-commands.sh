#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every command that README.md shows, as a person types it: through make where it says make, from
# /dev/null where it says so, at a terminal (script(1)'s) otherwise. The one that is not here is
# "make check", which runs this.

. "$(dirname "$0")/lib.sh"

# (What was given to the make that runs this, as CC or BUILD, stays: the same files are built.)
unset RAMDISK MEMORY CPUS CMDLINE XEN
cd "$top" || exit

# A command that the README shows no longer has no place here.
shown_in_readme() {
	check "README.md shows \"$1\"" grep -qF -- "$1" README.md
}

# ends_by_itself COMMAND [TEXT]: with nobody at the keyboard; exit status 0.
ends_by_itself() {
	log= # the console log of them all:
	rm -f "$build/console.log"
	timeout 120 bash -c "$1" </dev/null >"$work/output" 2>&1
	check "\"$1\" ends with exit status 0" [ $? = 0 ]
	[ -z "${2:-}" ] || check "\"$1\" says \"$2\"" grep -qaF -- "$2" "$work/output"
}

# at_terminal COMMAND: at a terminal, with the keyboard at our hands.
at_terminal() {
	stop
	log=$build/console.log
	position=1
	rm -f "$work/keys" "$log"
	mkfifo "$work/keys"
	timeout 120 script -qefc "$1" /dev/null <"$work/keys" >"$work/output" 2>"$work/errors" &
	runner=$!
	exec 8>"$work/keys"
	command=$1
}

# prompt COMMAND [LINE TEXT]...: it comes to the prompt, answers, and powers off.
prompt() {
	at_terminal "$1"
	shift
	check "\"$command\" comes to the prompt" wait_for "pinwheel> "
	while [ $# -gt 0 ]; do
		type "$1" "$2"
		shift 2
	done
	send 'poweroff\r'
	ends 0
}

ends_by_itself "make"
ends_by_itself "make help" "make run-native"
shown_in_readme "make run </dev/null"
ends_by_itself "make run </dev/null" " passed, 0 failed"
# (Not in the README; without the self-tests it would never end.)
ends_by_itself "make run-native CMDLINE=nola57 </dev/null" " passed, 0 failed"
ends_by_itself "scripts/run --help" "--ramdisk FILE"
shown_in_readme "scripts/reading mm kernel arch boot drivers tests"
ends_by_itself "scripts/reading mm kernel arch boot drivers tests" "together"

shown_in_readme "    make run"
prompt "make run" "pt kernel_main" "pte table, pinned" "run expr 6 + 36" "42"
# What mm/README.md shows.
prompt "make run" "explain pin pte f000" "mapped writable at ffff88800f000000" "pins" "tables are held by Xen" \
	"batches" "entries into Xen" "pt ffff888000113000" "kernel text"
shown_in_readme "make run-native  "
prompt "make run-native" "pt kernel_main" "p4d["
shown_in_readme "make run-native CMDLINE=nola57"
prompt "make run-native CMDLINE=nola57" "pt kernel_main" "pud["

shown_in_readme "scripts/run --domu --memory 512"
prompt "scripts/run --domu --memory 512" "bootinfo" "131072 pages (512 MiB)"
shown_in_readme "scripts/run --pvh"
prompt "scripts/run --pvh" "bootinfo" "PVH"
shown_in_readme "scripts/run --cpus 4"
prompt "scripts/run --cpus 4" "cpus" "CPU 3   idle"
shown_in_readme "scripts/run --ramdisk archive.cpio"
(mkdir "$work/files" && cd "$work/files" && echo hello >motd && find . | cpio --quiet -o -H newc >"$work/archive.cpio")
prompt "scripts/run --ramdisk '$work/archive.cpio'" "files" "/motd"
shown_in_readme "scripts/run -- init=/bin/sh -- -c ls"
ends_by_itself "scripts/run -- init=/bin/sh -- -c ls" "tmp"
shown_in_readme "\`scripts/run -- init=/bin/sh\`"
at_terminal "scripts/run -- init=/bin/sh"
check "\"$command\" comes to the shell" wait_for "/ # "
send 'exit\r'
ends 0
shown_in_readme "scripts/run -- selftest=frames,traps"
ends_by_itself "scripts/run -- selftest=frames,traps" " passed, 0 failed"
shown_in_readme "XEN=/my/xen.gz scripts/run"
cp "$("$top/scripts/fetch" xen)" "$work/my xen, with a comma"
prompt "XEN='$work/my xen, with a comma' scripts/run" "bootinfo" "dom0"

shown_in_readme "scripts/run --gdb"
at_terminal "scripts/run --gdb"
until grep -qa "Waiting for gdb" "$work/output" || ! kill -0 "$runner"; do sleep 0.05; done
check "\"$command\" prints the command for gdb" grep -qa "gdb '$build/pinwheel' -ex" "$work/output"
send '\x01x'
ends 0
shown_in_readme "xl create -c build/pinwheel.cfg"
check "pinwheel.cfg names the kernel" \
	[ "$(sed -n 's/^kernel = "\(.*\)"/\1/p' "$build/pinwheel.cfg")" -ef "$build/pinwheel" ]
