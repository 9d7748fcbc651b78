/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment selectors of the kernel's own descriptor table (arch/x86/native/), for C and assembly.
 * The order is what "syscall" and "sysret" demand (AMD64 manual volume 2, "SYSCALL and SYSRET").
 */
#ifndef ARCH_SEGMENTS_H
#define ARCH_SEGMENTS_H

#define CODE_32_SEGMENT    0x08
#define CODE_64_SEGMENT    0x10
#define DATA_SEGMENT       0x18
#define SYSRET_SEGMENT     0x20 /* base of the two selectors that follow */
#define USER_STACK_SEGMENT 0x2b
#define USER_CODE_SEGMENT  0x33
#define TASK_SEGMENT       0x38 /* occupies two entries */
#define SEGMENTS           9

#endif
