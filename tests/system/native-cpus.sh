#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Four CPUs without Xen: page tables of the kernel's own, large pages among them, and flushes of the
# TLB by interrupting other CPUs; with four levels and with five.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cpus.inc"

four_cpus native,spaces,tasks,processes,direct_map,entries,protect,frames,time --native --cpu qemu64 --cpus 4
guest_suites 5-levels --native --cpus 4 -- selftest
check "5-levels: four CPUs came up" logged "4 CPUs"
