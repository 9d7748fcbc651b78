#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The prompt on dom0's console: every command, the keys of the line editor, mistakes.

. "$(dirname "$0")/lib.sh"

(mkdir -p "$work/files/etc" && echo hello >"$work/files/etc/motd" &&
	cd "$work/files" && find . | cpio --quiet -o -H newc >"$work/ramdisk")

boot prompt --memory 64 --ramdisk "$work/ramdisk" -- nonsense
expect 'command line: "nonsense" is not a word that this kernel knows; ignored'
expect 'Type "help"'
wait_for "pinwheel> "
type help "bootinfo" "dmesg" "mem" "notes" "pt ADDRESS|SYMBOL" "selftest" "Tab completes"
type "help pt" "page-table entries"
type "help nosuch" 'there is no command "nosuch"'
type mem "free" "kernel text" "page tables" "in all" "16384 pages"
type frames "order" "of 16384 pages are free; the invariants hold"
type "frames 100" "pfn 100: kernel text, mfn"
type "frames ffffffff" "is not a pfn from 0 to 3fff"
type "frames xyz" '"xyz" is not a pfn'
type "pt kernel_main" "kernel_main+0x0" "pgd[511]" "pud table, pinned" "pud[510]" "pmd[  0]" \
	"pte table, pinned" "pte[" "pfn" "mfn" "kernel text"
type "pt ffff888000000000" "pgd[273]" "pte[  0]" "NX"
type "pt 0" "not mapped: the pgd entry is not present"
type "pt ffff800000000000" "belongs to Xen"
type "pt 800000000000" "is not canonical"
type "pt nosuch" "neither a symbol nor a hexadecimal address"
type "pt" "which address?"
type p2m "ffffc80000000000, 16384 entries" "32 leaves" "pages of frame lists"
type "p2m 0 fffffff xyz" "pfn      0  mfn" "whose M2P entry says pfn 0" "past the limit" \
	'"xyz" is not a hexadecimal number'
type "m2p" "which machine frame?"
type "m2p fffffff xyz" "is not this domain's" "is not a hexadecimal number"
type pins "kernel   root pfn" "pinned" "pgd 1" "tables are held by Xen"
type batches "entries into Xen, with" "page-table updates" "issued at once"
type "batches reset"
type batches "         0 entries into Xen"
type "walk ffff87ffffffffff" "    1  pgd  pfn" "1 tables"
type walk "    1  pte  pfn" "pinned" "pud" "pgd" "tables"
type "walk xyz" "is not a hexadecimal address"

# Why Xen says no, for each rule; what is asked about is taken from what "pt" showed.
pte_table=$(sed -n 's/.*pmd\[  0\].* mfn *\([0-9a-f]*\) .*/\1/p' "$log" | head -n 1)
pte_pfn=$(sed -n 's/.*pmd\[  0\].* pfn *\([0-9a-f]*\) .*/\1/p' "$log" | head -n 1)
type "explain" "for example: explain pte"
type "explain pxx 1" "for example: explain pte"
type "explain pte 0" "Xen accepts it"
entry() {
	printf '8%015x' $((0x$1 << 12 | 0x$2)) # no-execute, an mfn, flags
}
type "explain pte $(entry "$pte_table" 061)" "Xen accepts it"
type "explain pte $(entry "$pte_table" 063)" "is a pte table, pinned: it cannot be mapped writable" \
	"Xen refuses it: EBUSY"
type "explain pmd ${pte_table}067" "Xen accepts it"
type "explain pud ${pte_table}067" "is in use as a pte table, pinned: one use at a time" "EINVAL"
type "explain pmd ${pte_table}0e7" "large pages do not exist for a PV guest" "EINVAL"
type "explain pte fffffffff000063" "is not this domain's memory" "Xen refuses it"
type "explain pte ${pte_table}000" "speculatively (L1TF)"
type "explain pte ffffffffab200" "Xen accepts it" # inaccessible: the pfn with its bits inverted
type "explain pin pmd $pte_pfn" "is in use as a pte table" "EINVAL"
type "explain pin pte 3fff" "cannot be a pte table while it can be written" \
	"mapped writable at ffff888003fff000" "EINVAL"
type "m2p $pte_table" "pfn $pte_pfn"
type notes 'GUEST_OS            "Pinwheel"' "VIRT_BASE           0xffffffff80000000" "INIT_P2M"
type bootinfo "xen-3.0-x86_64, dom0" 'command line "nonsense"' "16384 pages (64 MiB)" "ramdisk"
type files "040755          0  /etc" "/proc"
type "files /etc" "100644          6  /etc/motd"
type "files /nowhere" "there is no /nowhere"
type events "timer" "console"
type time "UTC," "s since boot"
type dmesg "Pinwheel, a PV guest of Xen" "mm: direct map in" "mm: P2M remapped to ffffc80000000000 (it is in the way of nothing)"
type "selftest list" "boot" "traps"
type "selftest time" "# Subtest: time" "ok 1 time" " passed, 0 failed"
type "selftest time nosuch" 'there is no suite "nosuch"' " passed, 1 failed"
type "nosuch words" "nosuch: no such command"
type "a b c d e f g h i j k l m n o p q" "a: more than 16 words"
# The line editor: a typing mistake mended, history, completion, a line given up, Ctrl-D.
type 'hulp\x1b[D\x1b[D\x1b[D\x1b[3~e' "this list"
type '\x1b[A' "this list"
type 'boo\t' "protocol"
send 'this is given up\x03'
wait_for "^C"
wait_for "pinwheel> "
type '\x04' '"poweroff" ends the domain'
type '' # an empty line is no mistake
send 'poweroff\r'
ends 0

boot reboot --memory 64
wait_for "pinwheel> "
send 'reboot\r'
ends 0
