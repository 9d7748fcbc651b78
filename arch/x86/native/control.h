/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bits of the control registers and of EFER, for C and assembly (Intel SDM volume 3, "Control
 * registers"; AMD64 manual volume 2, "Extended feature enable register").
 */
#ifndef ARCH_NATIVE_CONTROL_H
#define ARCH_NATIVE_CONTROL_H

#define CR0_PE             (1 << 0)
#define CR0_MONITOR        (1 << 1)
#define CR0_EMULATION      (1 << 2)
#define CR0_EXTENSION      (1 << 4) /* always set */
#define CR0_NUMERIC_ERROR  (1 << 5)
#define CR0_WP             (1 << 16)
#define CR0_ALIGNMENT_MASK (1 << 18) /* programs may enable alignment checks (flag AC) */
#define CR0_PG             (1 << 31)

#define CR4_PAE            (1 << 5)
#define CR4_FXSAVE         (1 << 9)
#define CR4_SSE_EXCEPTIONS (1 << 10)
#define CR4_LA57           (1 << 12)
#define CR4_SMEP           (1 << 20)
#define CR4_SMAP           (1 << 21)

#define MSR_EFER         0xc0000080
#define EFER_SYSCALL     (1 << 0)
#define EFER_LONG        (1 << 8)
#define EFER_LONG_ACTIVE (1 << 10)
#define EFER_NO_EXECUTE  (1 << 11)

#endif
