#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a program does to the machine under it, and what must come of it, as dom0 of real Xen.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

program machine -- machine

boot no-nx --cpu qemu64,-nx
expect "FATAL: this processor cannot make pages non-executable (NX)"
ends 1
