/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the kernel's own ELF notes (boot/notes.S), which are part of the image.
 */
#ifndef BOOT_NOTES_H
#define BOOT_NOTES_H

#include <kernel/lib/compiler.h>

struct note {
	uint32_t type; /* XEN_ELFNOTE_... */
	const void *value;
	uint32_t size; /* bytes */
};

/*
 * Finds the next note of a section, after *position, which is NULL at first. Returns false at the
 * section's end, or where no note of the owner "Xen" follows. ELF specification, "Note Section".
 */
bool note_next(const void *section, size_t size, const unsigned char **position, struct note *note);

/* Finds the kernel's own note of that type. Returns false if it has none. */
bool note_find(uint32_t type, struct note *note);

/* Prints all of the kernel's notes. */
void notes_print(void);

#endif
