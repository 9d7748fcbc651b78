#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs in a domain that the real xl created: init= and its end as the domain's end.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

boot processes --domu --ramdisk "$programs" -- init=/bin/processes
expect "processes: passed"
expect "init: exit status 0"
ends 0
boot status --domu --memory 64 --ramdisk "$programs" -- init=/bin/sh -- -c 'exit${IFS}9'
expect "init: exit status 9"
ends 1
