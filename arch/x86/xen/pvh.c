// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A PVH guest of Xen: page tables, descriptors and interrupts as on bare hardware; clocks, timers,
 * the console and the end of the domain by hypercall.
 *
 * Event channels raise an interrupt of one vector (public/hvm/params.h, HVM_PARAM_CALLBACK_IRQ),
 * which needs no end-of-interrupt.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/io.h>
#include <arch/native.h>
#include <arch/segments.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printf.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>

#define CALLBACK_BY_VECTOR (2ull << 56)

extern const char hypercall_page[];

bool xen_pvh_find(void)
{
	uint32_t base = native_find_hypervisor("XenVMMXenVMM");

	if (!base)
		return false;
	/*
	 * The leaf names the register that takes the page's physical address: Xen then fills the
	 * page.
	 */
	msr_write(cpuid(base + 2).ebx, (uintptr_t)hypercall_page - KERNEL_VIRT_BASE);
	return true;
}

/* struct e820entry, which XENMEM_memory_map fills in (public/hvm/e820.h). */
struct e820_entry {
	uint64_t address, size;
	uint32_t type;
} __attribute__((packed));

unsigned int xen_pvh_memory_map(struct hvm_memmap_table_entry *map, unsigned int max)
{
	static struct e820_entry entries[128];
	struct xen_memory_map request = {.nr_entries = MIN(max, (unsigned int)ARRAY_SIZE(entries))};

	set_xen_guest_handle(request.buffer, entries);
	if (hypercall_memory_op(XENMEM_memory_map, &request))
		return 0;
	for (unsigned int i = 0; i < request.nr_entries; i++)
		map[i] = (struct hvm_memmap_table_entry){entries[i].address, entries[i].size,
							 entries[i].type, 0};
	return request.nr_entries;
}

void xen_pvh_share_info(pfn_t frame)
{
	struct xen_add_to_physmap place = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_shared_info,
		.gpfn = frame.pfn,
	};

	xen_check_features(true);
	if (hypercall_memory_op(XENMEM_add_to_physmap, &place))
		fatal("Xen does not share its info page");
}

void xen_pvh_init(struct shared_info *page)
{
	struct xen_hvm_param callback = {
		.domid = DOMID_SELF,
		.index = HVM_PARAM_CALLBACK_IRQ,
		.value = CALLBACK_BY_VECTOR | VECTOR_XEN,
	};

	xen_use_shared_info(page);
	trap_set_handler(VECTOR_XEN, evtchn_upcall);
	if (hypercall_hvm_op(HVMOP_set_param, &callback))
		fatal("Xen does not deliver events by an interrupt vector");
	this_cpu()->vcpu->evtchn_upcall_mask = 0;
	evtchn_init();
}

static void describe(char *buffer, size_t size)
{
	char version[48];

	xen_version_string(version, sizeof(version));
	snprintf(buffer, size, "a PVH guest of Xen %s, as dom0", version);
}

const struct machine xen_pvh = {
	.describe = describe,
	.xen = true,
	.event_vector = true,
	.system_time = xen_system_time,
	.wall_time = xen_wall_time,
	.count_cpus = native_count_cpus,
	.start_cpu = native_start_cpu,
	.ready_cpu = xen_ready_cpu,
	.stop_cpu = native_stop_cpu,
	.send_ipi = xen_send_ipi,
	.send_nmi = xen_send_nmi,
	.yield = xen_yield,
	.set_timer = xen_set_timer,
	.user_code = USER_CODE_SEGMENT,
	.user_stack = USER_STACK_SEGMENT,
	.enter_user = native_enter_user,
	.set_kernel_stack = native_set_kernel_stack,
	.set_thread_pointer = native_set_thread_pointer,
	.load_gs = native_load_gs,
	.block = native_block,
	.fault_address = native_fault_address,
	.shutdown = xen_shutdown,
};
