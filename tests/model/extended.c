// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mmuext_op: pins, roots, flushes, clearing and copying pages. Xen: do_mmuext_op() and
 * new_guest_cr3() in xen/arch/x86/mm.c.
 */
#include "internal.h"

#include "../host/host.h"

#include <mm/xen/pin.h>
#include <string.h>
#include <xen/errno.h>
#include <xen/xen.h>

static int pin(uint64_t mfn, unsigned int level)
{
	struct frame *frame;
	int error;

	/* As Xen 4.17 has it: a level that the geometry lacks is ignored, not refused. */
	if (level > xen.config.levels)
		return 0;
	error = get_table(mfn, (enum model_type)level);
	if (error)
		return error;
	frame = frame_of_mfn(mfn);
	if (frame->pinned) {
		put_table(mfn);
		return refuse(-XEN_EINVAL, CAUSE_PINNED, mfn, level, 0);
	}
	frame->pinned = true;
	xen.counters.pins++;
	return 0;
}

static int unpin(uint64_t mfn)
{
	struct frame *frame = frame_of_mfn(mfn);

	if (!frame || frame->owner != OWNED_BY_DOMAIN)
		return refuse(-XEN_EINVAL, CAUSE_NOT_OURS, mfn, 0, 0);
	if (!frame->pinned)
		return refuse(-XEN_EINVAL, CAUSE_NOT_PINNED, mfn, 0, 0);
	frame->pinned = false;
	put_table(mfn);
	xen.counters.unpins++;
	return 0;
}

/* Loads a root; the old one keeps its reference until the new one has its own. */
static int load_root(uint64_t *root, uint64_t mfn, bool may_be_none)
{
	uint64_t old = *root;
	int error;

	if (old == mfn)
		return 0;
	if (mfn || !may_be_none) {
		error = get_table(mfn, (enum model_type)xen.config.levels);
		if (error)
			return error;
	}
	*root = mfn;
	if (old)
		put_table(old);
	return 0;
}

static int clear_page(uint64_t mfn)
{
	int error = get_table(mfn, MODEL_WRITABLE);

	if (error)
		return -XEN_EINVAL;
	memset(table_of(mfn), 0, PAGE_BYTES);
	put_table(mfn);
	return 0;
}

static int copy_page(uint64_t from, uint64_t to)
{
	struct frame *source = frame_of_mfn(from);

	if (!source || source->owner != OWNED_BY_DOMAIN)
		return refuse(-XEN_EINVAL, CAUSE_NOT_OURS, from, 0, 0);
	if (get_table(to, MODEL_WRITABLE))
		return -XEN_EINVAL;
	memmove(table_of(to), table_of(from), PAGE_BYTES);
	put_table(to);
	return 0;
}

/*
 * Flushes the vCPUs of a mask, which is read in words of 64 bits as long as there may be vCPUs.
 * Bits of vCPUs that do not exist mean nothing. Xen: vcpumask_to_pcpumask().
 */
static int flush_several(const struct mmuext_op *op)
{
	uint64_t mask;

	if (!guest_pointer(op->arg2.vcpumask.p))
		return refuse(-XEN_EINVAL, CAUSE_POINTER, 0, 0, (uintptr_t)op->arg2.vcpumask.p);
	memcpy(&mask, op->arg2.vcpumask.p, sizeof(mask));
	xen.counters.flushes++;
	for (unsigned int vcpu = 0; vcpu < MODEL_VCPUS; vcpu++) {
		if (!(mask & 1ull << vcpu))
			continue;
		if (op->cmd == MMUEXT_INVLPG_MULTI)
			tlb_flush_page(vcpu, op->arg1.linear_addr);
		else
			tlb_flush(vcpu);
	}
	return 0;
}

static int operation(const struct mmuext_op *op)
{
	struct vcpu *vcpu = &xen.vcpu[current_vcpu()];
	int error;

	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		return pin(op->arg1.mfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1);
	case MMUEXT_PIN_L5_TABLE:
		if (xen.config.levels < 5)
			return refuse(-XEN_ENOSYS, CAUSE_COMMAND, 0, 0, op->cmd);
		return pin(op->arg1.mfn, 5);
	case MMUEXT_UNPIN_TABLE:
		return unpin(op->arg1.mfn);
	case MMUEXT_NEW_BASEPTR:
		error = load_root(&vcpu->root, op->arg1.mfn, false);
		if (!error)
			tlb_flush(current_vcpu());
		return error;
	case MMUEXT_NEW_USER_BASEPTR:
		return load_root(&vcpu->user_root, op->arg1.mfn, true);
	case MMUEXT_TLB_FLUSH_LOCAL:
		xen.counters.flushes++;
		tlb_flush(current_vcpu());
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		xen.counters.flushes++;
		tlb_flush_page(current_vcpu(), op->arg1.linear_addr);
		return 0;
	case MMUEXT_TLB_FLUSH_ALL:
		xen.counters.flushes++;
		tlb_flush_all();
		return 0;
	case MMUEXT_INVLPG_ALL:
		xen.counters.flushes++;
		for (unsigned int i = 0; i < MODEL_VCPUS; i++)
			tlb_flush_page(i, op->arg1.linear_addr);
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_several(op);
	case MMUEXT_CLEAR_PAGE:
		return clear_page(op->arg1.mfn);
	case MMUEXT_COPY_PAGE:
		return copy_page(op->arg2.src_mfn, op->arg1.mfn);
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return refuse(-XEN_EOPNOTSUPP, CAUSE_COMMAND, 0, 0, op->cmd);
	default:
		return refuse(-XEN_ENOSYS, CAUSE_COMMAND, 0, 0, op->cmd);
	}
}

int do_mmuext_op(const struct mmuext_op *operations, unsigned int count, unsigned int *done)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < count; i++) {
		if (!guest_pointer(&operations[i]))
			error = refuse(-XEN_EFAULT, CAUSE_POINTER, 0, 0, (uintptr_t)operations);
		else
			error = operation(&operations[i]);
		if (error)
			break;
		host_look();
	}
	if (done && guest_pointer(done))
		*done = i;
	return error;
}
