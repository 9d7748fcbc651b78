/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The invariants of the regions of an address space (mm/user/region.h), checked.
 */
#ifndef TESTS_REGIONS_H
#define TESTS_REGIONS_H

#include <mm/user/region.h>

/*
 * Checks the invariants: the tree's own, the order and the bounds of regions, the counts, what the
 * nodes keep about gaps, and that no two neighbours could be one. Returns NULL, or what is wrong
 * (see kernel/lib/message.h).
 */
const char *regions_check(struct space *space);

#endif
