// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands of the prompt about the boot: what the kernel told the builder of its domain, and
 * what it was told.
 */
#include <boot/notes.h>
#include <kernel/prompt/monitor.h>
#include <kernel/report/report.h>

COMMAND(notes, "", "the ELF notes that the domain builder read")
{
	notes_print();
}

COMMAND(bootinfo, "", "what the kernel was told at boot")
{
	boot_info_print();
}
