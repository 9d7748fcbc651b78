#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same as xen-model.sh, in a domain without privileges: Xen allows it less.

kind=--domu
. "$(dirname "$0")/xen-model.sh" "${1:-1}" "${2:-180}"
