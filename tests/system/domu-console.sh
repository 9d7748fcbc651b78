#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The PV console through xenconsoled: input works, input faster than it is read waits its turn,
# nothing printed just before the end is lost, and reasons of shutdown reach the toolstack. In the
# smallest domain, with a ramdisk.

. "$(dirname "$0")/lib.sh"

(mkdir -p "$work/files" && echo hello >"$work/files/motd" &&
	cd "$work/files" && find . | cpio --quiet -o -H newc >"$work/ramdisk")

# Typed all at once while the guest boots: more than the ring (1 KiB) and our queue (1 KiB) hold.
for i in $(seq 300); do printf 'line%d of fast input\r' "$i"; done >"$work/typed"

boot console --domu --memory 32 --ramdisk "$work/ramdisk" --type "$work/typed" -- nonsense
expect "as a DomU, with 4 levels of page tables on the PV console ring"
expect "initramfs: 2 entries, 6 bytes of data"
for i in $(seq 300); do
	wait_for "line$i: no such command" || { fail "line $i of 300 typed ahead was lost"; break; }
done
check "300 lines typed ahead were kept" [ "$(grep -ac 'no such command' "$log")" = 300 ]
wait_for "pinwheel> "
send 'bootinfo\r'
expect "xen-3.0-x86_64, DomU"
expect 'command line "nonsense"'
expect "console      mfn"
wait_for "pinwheel> "
# Several times what the output ring (2 KiB) holds, then the end at once.
send 'help\rnotes\rhelp\rnotes\rhelp\rpoweroff\r'
expect "pinwheel> poweroff"
expect "the guest ended, shutdown reason 0"
check "all that was printed arrived" [ "$(grep -ac 'Tab completes' "$log")" = 3 ]
ends 0

boot panic --domu --memory 64
wait_for "pinwheel> "
send 'panic fault\r'
expect "PANIC: unexpected page fault"
expect 'ending the domain with reason "crash"'
expect "the guest ended, shutdown reason 3"
ends 1
