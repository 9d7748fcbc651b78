/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel reading its own ELF notes (boot/notes.S), which are part of the image.
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
 * The note behind *position (start with NULL) in a note section; false at its end or where what
 * follows is not a note of the owner "Xen". ELF specification, "Note Section".
 */
bool note_next(const void *section, size_t size, const unsigned char **position, struct note *note);

/* The kernel's own note of that type; false if it has none. */
bool note_find(uint32_t type, struct note *note);

/* Prints all of the kernel's notes. */
void notes_print(void);

#endif
