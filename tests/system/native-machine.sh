#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Machines without Xen that differ from the usual one, and what a program does to the one under it.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

program machine --native -- machine
