#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same programs on a bare machine, with five levels of page tables and (where addresses above 2^47
# are tried) with four.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

program processes --native --cpu qemu64 -- processes
program threads --native -- threads
program files --native -- files
program signals --native -- signals
program cpus --native --cpus 4 -- cpus 10
program threads-4-cpus --native --cpus 4 -- threads
program signals-4-cpus --native --cpus 4 -- signals
boot soak --native --memory 64 --ramdisk "$programs" -- init=/bin/soak -- 300 pressure
expect "soak: passed"
ends 0
boot hostile --native --memory 64 --ramdisk "$programs" -- init=/bin/hostile -- 4 2
expect "hostile: passed"
ends 0
