#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Locks are taken in order, without Xen: page tables of the kernel's own, large pages among them.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/debug.inc"

locks_are_right native,spaces,tasks,processes,direct_map,entries,protect,frames,time --native --cpu qemu64
