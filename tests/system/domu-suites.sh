#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same suites in a domain that the real xl created: 64 MiB, and 8 GiB with four CPUs. Afterwards
# Xen must be able to free all of it (docs/model.md: it cannot always).

. "$(dirname "$0")/lib.sh"

guest_suites 64MiB --domu --memory 64 -- selftest
check "64MiB: nothing of the domain is left" logged "dom0: the domain is gone"
guest_suites 8GiB --domu --memory 8192 --vcpus 4 -- selftest
check "8GiB: nothing of the domain is left" logged "dom0: the domain is gone"
