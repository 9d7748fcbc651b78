// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks what the hypervisor must offer, and must not do, for the kernel that it has started.
 */
#include <arch/xen.h>
#include <kernel/lib/message.h>
#include <xen/features.h>

static bool has(uint32_t features, unsigned int feature)
{
	return features >> feature & 1;
}

const char *features_check(uint32_t features, bool translated)
{
	if (has(features, XENFEAT_auto_translated_physmap) != translated)
		return message_make("Xen says that it %s the domain's frame numbers "
				    "(XENFEAT_auto_translated_physmap), but the kernel was started "
				    "as a %s guest",
				    translated ? "does not translate" : "translates",
				    translated ? "PVH" : "PV");
	if (!translated && !has(features, XENFEAT_mmu_pt_update_preserve_ad))
		return message_make("this Xen has no MMU_PT_UPDATE_PRESERVE_AD "
				    "(XENFEAT_mmu_pt_update_preserve_ad): changing an entry's "
				    "rights would lose accessed and dirty bits");
	return NULL;
}
