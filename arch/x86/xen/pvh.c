// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A PVH guest of Xen: page tables, descriptors and interrupts as on bare hardware; clocks, timers,
 * the console and the end of the domain by hypercall.
 *
 * Event channels raise an interrupt of one vector, which needs no end-of-interrupt, on every CPU
 * (public/hvm/params.h, HVM_PARAM_CALLBACK_IRQ). So CPUs interrupt each other by event channels,
 * and need no APIC. Xen starts them in 64-bit mode, with the kernel's tables: no real mode, no low
 * memory.
 */
#include "../native/control.h"

#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/io.h>
#include <arch/native.h>
#include <arch/segments.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <kernel/lib/layout.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printf.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/hvm_vcpu.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/vcpu.h>

#define CALLBACK_BY_VECTOR (2ull << 56)

#define RFLAGS_FIXED 2u

extern const char hypercall_page[];

static paddr_t kernel_root;

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

/* Has Xen use the CPU's struct vcpu_info, which is in the image. */
static bool register_info(struct cpu *cpu)
{
	uintptr_t address = (uintptr_t)xen_vcpu_infos() - KERNEL_VIRT_BASE;

	return xen_register_vcpu_info(cpu, mfn(address >> PAGE_SHIFT));
}

void xen_pvh_init(struct shared_info *page, paddr_t root)
{
	struct xen_hvm_param callback = {
		.domid = DOMID_SELF,
		.index = HVM_PARAM_CALLBACK_IRQ,
		.value = CALLBACK_BY_VECTOR | VECTOR_XEN,
	};

	kernel_root = root;
	xen_use_shared_info(page);
	if (!register_info(this_cpu()))
		fatal("Xen does not use a struct vcpu_info of the kernel's");
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

/* Gives Xen the registers with which a CPU starts: as if native_cpu_begin() had been called. */
static bool give_registers(const struct cpu *cpu, uintptr_t stack_top, void (*entry)(void))
{
	struct vcpu_hvm_context context = {.mode = VCPU_HVM_MODE_64B};
	struct vcpu_hvm_x86_64 *regs = &context.cpu_regs.x86_64;

	regs->rip = (uint64_t)native_cpu_begin;
	regs->rsp = stack_top - sizeof(uint64_t); /* below a return address, 0 */
	regs->rdi = (uint64_t)cpu;
	regs->rsi = (uint64_t)entry;
	regs->rflags = RFLAGS_FIXED;
	regs->cr0 = (uint32_t)(CR0_PG | CR0_WP | CR0_EXTENSION | CR0_PE);
	regs->cr3 = kernel_root.pa;
	regs->cr4 = CR4_PAE;
	regs->efer = EFER_LONG | EFER_LONG_ACTIVE | EFER_NO_EXECUTE;
	return !hypercall_vcpu_op(VCPUOP_initialise, cpu->number, &context);
}

static bool start_cpu(struct cpu *cpu, uintptr_t stack_top, void (*entry)(void))
{
	/* Xen keeps both while the CPU is down. */
	if (!cpu->vcpu && (!register_info(cpu) || !give_registers(cpu, stack_top, entry)))
		return false;
	return xen_raise_cpu(cpu);
}

const struct machine xen_pvh = {
	.describe = describe,
	.xen = true,
	.event_vector = true,
	.system_time = xen_system_time,
	.wall_time = xen_wall_time,
	.count_cpus = xen_count_cpus,
	.cpu_part_bytes = sizeof(struct native_cpu),
	.start_cpu = start_cpu,
	.ready_cpu = xen_ready_cpu,
	.stop_cpu = xen_stop_cpu,
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
