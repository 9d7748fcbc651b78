// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first C code of a PV guest: makes the machine usable enough for kernel_main().
 *
 * The order matters. Without the shared info page there is no event mask and no clock, without the
 * trap table a fault ends the domain in silence, and without a console no message is seen.
 */
#include <arch/cpu.h>
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/traps.h>
#include <arch/xen.h>
#include <boot/start_info.h>
#include <drivers/console.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printf.h>
#include <kernel/main.h>
#include <mm/frame/translate.h>
#include <mm/kernel/direct_map.h>
#include <mm/kernel/fixed.h>
#include <mm/kernel/image.h>
#include <mm/table/find.h>
#include <mm/table/ops.h>
#include <mm/xen/batch.h>
#include <mm/xen/p2m.h>
#include <xen/sched.h>

#define CPUID_NO_EXECUTE (1u << 20) /* leaf 0x80000001, edx */

static struct cpu boot_cpu;
static struct batch boot_batch;
static struct boot_info boot;

/* Events stay masked until there is a page shared with Xen. */
static volatile uint8_t nothing_comes = 1;

static void describe(char *buffer, size_t size)
{
	char version[48];

	xen_version_string(version, sizeof(version));
	snprintf(buffer, size, "a PV guest of Xen %s, as %s", version,
		 boot.dom0 ? "dom0" : "a DomU");
}

static void set_kernel_stack(uintptr_t top)
{
	batch_hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, top);
}

static void set_thread_pointer(uintptr_t address)
{
	batch_hypercall(__HYPERVISOR_set_segment_base, SEGBASE_FS, address);
}

static void load_gs(uint16_t selector)
{
	batch_hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL, selector);
}

static void block(void)
{
	hypercall_sched_op(SCHEDOP_block, NULL);
}

static uintptr_t fault_address(void)
{
	return this_cpu()->vcpu ? this_cpu()->vcpu->arch.cr2 : 0;
}

/* Returns true if this domain may use NX. The prefix makes Xen answer, not the processor. */
static bool has_no_execute(void)
{
	uint32_t leaf = 0x80000001, ebx, ecx = 0, features;

	__asm__ volatile(XEN_CPUID : "+a"(leaf), "=b"(ebx), "+c"(ecx), "=d"(features));
	return features & CPUID_NO_EXECUTE;
}

static mfn_t vcpu_infos(void)
{
	return maddr_to_mfn(pt_virt_to_machine(xen_vcpu_infos()));
}

static bool start_cpu(struct cpu *cpu, uintptr_t stack_top, void (*entry)(void))
{
	if (!cpu->vcpu) {
		if (!xen_register_vcpu_info(cpu, vcpu_infos()) ||
		    !xen_pv_start_cpu(cpu, stack_top, entry, pt_root_mfn()))
			return false;
		cpu->event_mask = &cpu->vcpu->evtchn_upcall_mask;
		*cpu->event_mask = 1;
	}
	return xen_raise_cpu(cpu);
}

static void ready_cpu(void)
{
	xen_accept_nmi();
	xen_ready_cpu();
}

/* Publishes the P2M for the toolstack. */
static void publish_p2m(void)
{
	p2m_publish(&shared_info->arch);
}

static const struct machine xen_pv = {
	.describe = describe,
	.xen = true,
	.xen_tables = true,
	.system_time = xen_system_time,
	.wall_time = xen_wall_time,
	.count_cpus = xen_count_cpus,
	.start_cpu = start_cpu,
	.ready_cpu = ready_cpu,
	.stop_cpu = xen_stop_cpu,
	.send_ipi = xen_send_ipi,
	.send_nmi = xen_send_nmi,
	.yield = xen_yield,
	.set_timer = xen_set_timer,
	.user_code = FLAT_USER_CS,
	.user_code_32 = FLAT_USER_CS32,
	.user_stack = FLAT_USER_SS,
	.enter_user = xen_enter_user,
	.set_kernel_stack = set_kernel_stack,
	.set_thread_pointer = set_thread_pointer,
	.load_gs = load_gs,
	.block = block,
	.fault_address = fault_address,
	.memory_ready = publish_p2m,
	.shutdown = xen_shutdown,
};

void xen_pv_start(const struct start_info *start) NORETURN;
void xen_pv_start(const struct start_info *start)
{
	const char *error;

	machine = &xen_pv;
	boot_cpu.event_mask = &nothing_comes;
	cpu_init(&boot_cpu, 0, (uintptr_t)boot_stack);
	hypercall_set_segment_base(SEGBASE_GS_KERNEL, (uint64_t)&boot_cpu);
	batch_init(&boot_batch);
	paravirt = paravirt_xen_early;
	error = boot_info_from_start_info(start, (uintptr_t)start, &boot);
	if (error)
		fatal("%s", error); /* to the hypervisor's console: the domain's is unknown */
	xen_check_features(false);

	/* Without it Xen refuses the first entry that has the bit. */
	if (!has_no_execute())
		fatal("this processor cannot make pages non-executable (NX), which Pinwheel needs");
	/* Without it programs could read the M2P, which tells where everyone's memory is. */
	if (hypercall_vm_assist(VMASST_CMD_enable, VMASST_TYPE_m2p_strict))
		fatal("Xen cannot hide its M2P table from programs (VMASST_TYPE_m2p_strict)");
	fixed_map(fixed_shared_info, maddr_to_mfn(boot.shared_info), true);
	xen_use_shared_info((struct shared_info *)(void *)fixed_shared_info);
	p2m_use_list(boot.p2m_address, boot.pages, false);
	pt_set_root(boot.page_tables.start);
	direct_map_set_initial(boot.initial_map);
	if (!xen_register_vcpu_info(&boot_cpu, vcpu_infos()))
		fatal("Xen does not use this kernel's page for its CPUs' state");
	boot_cpu.event_mask = &boot_cpu.vcpu->evtchn_upcall_mask;
	xen_traps_init();
	console_init(&boot);
	evtchn_init();
	kernel_main(&boot);
}
