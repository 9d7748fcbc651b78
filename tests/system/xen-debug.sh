#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Locks are taken in order, as dom0 of real Xen: with its page tables pinned, and its events.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/debug.inc"

locks_are_right pins,p2m,sequence,spaces,tasks,processes,direct_map,entries,protect,frames,events,time
