// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shared info page, Xen's version, and how a domain ends.
 */
#include <arch/cpu.h>
#include <arch/hypercall.h>
#include <arch/xen.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printf.h>
#include <xen/sched.h>
#include <xen/version.h>

struct shared_info *shared_info;

void xen_use_shared_info(struct shared_info *page)
{
	shared_info = page;
	this_cpu()->vcpu = &shared_info->vcpu_info[this_cpu()->number];
}

void xen_check_features(bool pvh)
{
	struct xen_feature_info info = {.submap_idx = 0};
	const char *error;

	hypercall_xen_version(XENVER_get_features, &info);
	error = features_check(info.submap, pvh);
	if (error)
		fatal("%s", error);
}

void xen_version_string(char *buffer, size_t size)
{
	long version = hypercall_xen_version(XENVER_version, NULL);
	xen_extraversion_t extra = "";

	hypercall_xen_version(XENVER_extraversion, extra);
	snprintf(buffer, size, "%ld.%ld%s", version >> 16, version & 0xffff, extra);
}

void xen_shutdown(enum shutdown_reason reason)
{
	static const unsigned int reasons[] = {
		[SHUTDOWN_IS_POWEROFF] = SHUTDOWN_poweroff,
		[SHUTDOWN_IS_REBOOT] = SHUTDOWN_reboot,
		[SHUTDOWN_IS_CRASH] = SHUTDOWN_crash,
	};
	struct sched_shutdown shutdown = {.reason = reasons[reason]};

	hypercall_sched_op(SCHEDOP_shutdown, &shutdown);
}
