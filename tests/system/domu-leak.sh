#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A finding about Xen (docs/model.md): a refused pin by which the domain cannot be destroyed any more.
# If a Xen comes that fails this test, it has been mended: sequences need leave out nothing there.

. "$(dirname "$0")/lib.sh"

boot leak --domu --memory 64
wait_for "pinwheel> "
type "sequence leak" "Xen refused a root (-22) and lost a frame of this domain"
# All frames can be used as before.
type "sequence 1 5" "sequence 5: 60 operations" "sequence: done"
type "frames" "the invariants hold"
send 'poweroff\r'
expect "dom0: failed: the domain stays after xl destroy: (null)"
ends 2
