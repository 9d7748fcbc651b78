// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first C code of a PV guest: makes the machine usable enough for kernel_main().
 *
 * The order matters. Without the shared info page there is no event mask and no clock, without the
 * trap table a fault ends the domain in silence, and without a console nobody hears why.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <drivers/console.h>
#include <kernel/main.h>
#include <kernel/panic.h>
#include <mm/batch.h>
#include <mm/direct_map.h>
#include <mm/p2m.h>
#include <mm/paravirt.h>
#include <mm/protect.h>

static struct cpu boot_cpu;
static struct batch boot_batch;
static struct boot_info boot;

void xen_pv_start(const struct start_info *start) NORETURN;
void xen_pv_start(const struct start_info *start)
{
	const char *error;

	cpu_init(&boot_cpu, 0, (uintptr_t)boot_stack);
	batch_init(&boot_batch);
	paravirt = paravirt_xen_early;
	error = boot_info_from_start_info(start, (uintptr_t)start, &boot);
	if (error)
		fatal("%s", error); /* to the hypervisor's console: ours is not known */

	xen_map_shared_info(boot.shared_info);
	boot_cpu.vcpu = &shared_info->vcpu_info[0];
	traps_init();
	p2m_init(&boot);
	pt_set_root(boot.page_tables.start);
	direct_map_set_initial(boot.initial_map);
	console_init(&boot);
	evtchn_init();
	kernel_main(&boot);
}
