/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For assembly: saving and restoring the general registers around trap_dispatch(), in the order of
 * struct regs (arch/traps.h). Below them on the stack lie the vector and the error code.
 */
.macro save_registers cld pushq % rdi pushq % rsi pushq % rdx pushq % rcx pushq % rax pushq %
	r8 pushq % r9 pushq % r10 pushq % r11 pushq % rbx pushq % rbp pushq % r12 pushq %
	r13 pushq % r14 pushq %
	r15.endm

		.macro restore_registers popq %
	r15 popq % r14 popq % r13 popq % r12 popq % rbp popq % rbx popq % r11 popq % r10 popq %
	r9 popq % r8 popq % rax popq % rcx popq % rdx popq % rsi popq %
	rdi.endm

		/* Whether the processor itself pushes an error code: #DF #TS #NP #SS #GP #PF #AC
		   #CP. */
		.macro set_has_error vector.set has_error,
	(\vector >= 10 && \vector <= 14) || \vector == 8 || \vector == 17 || \vector == 21.endm
