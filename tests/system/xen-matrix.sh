#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rows of the matrix of machines that are cheap and catch most: scripts/matrix.

. "$(dirname "$0")/lib.sh"

"$top/scripts/matrix" check
