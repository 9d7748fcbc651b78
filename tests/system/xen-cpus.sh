#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Four CPUs as dom0 of real Xen: page tables that are pinned, and events. More CPUs than have room in
# the shared info page, on one processor.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cpus.inc"

four_cpus pins,p2m,sequence,spaces,tasks,processes,direct_map,entries,protect,frames,events,time --cpus 4
guest_suites 40-vcpus --vcpus 40 --memory 512 -- selftest=cpus,boot,events,spaces
check "forty CPUs came up" logged "40 CPUs"
