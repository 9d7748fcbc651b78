// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walking ELF notes and showing the kernel's own.
 */
#include <boot/notes.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>
#include <xen/elfnote.h>

extern const unsigned char notes_start[], notes_end[];

struct header {
	uint32_t name_size, value_size, type;
};

bool note_next(const void *section, size_t size, const unsigned char **position, struct note *note)
{
	const unsigned char *start = section;
	size_t offset = *position ? (size_t)(*position - start) : 0;
	struct header header;
	size_t name_room, value_room;

	if (size - offset < sizeof(header))
		return false;
	memcpy(&header, start + offset, sizeof(header));
	offset += sizeof(header);
	name_room = ROUND_UP((size_t)header.name_size, 4);
	value_room = ROUND_UP((size_t)header.value_size, 4);
	if (header.name_size != 4 || name_room > size - offset ||
	    value_room > size - offset - name_room || memcmp(start + offset, "Xen", 4) != 0)
		return false;
	*note = (struct note){header.type, start + offset + name_room, header.value_size};
	*position = start + offset + name_room + value_room;
	return true;
}

static bool own_note_next(const unsigned char **position, struct note *note)
{
	return note_next(notes_start, (size_t)(notes_end - notes_start), position, note);
}

bool note_find(uint32_t type, struct note *note)
{
	const unsigned char *position = NULL;

	while (own_note_next(&position, note)) {
		if (note->type == type)
			return true;
	}
	return false;
}

static const struct {
	uint32_t type;
	bool text;
	const char *name;
} known[] = {
	{XEN_ELFNOTE_GUEST_OS, true, "GUEST_OS"},
	{XEN_ELFNOTE_GUEST_VERSION, true, "GUEST_VERSION"},
	{XEN_ELFNOTE_LOADER, true, "LOADER"},
	{XEN_ELFNOTE_XEN_VERSION, true, "XEN_VERSION"},
	{XEN_ELFNOTE_FEATURES, true, "FEATURES"},
	{XEN_ELFNOTE_VIRT_BASE, false, "VIRT_BASE"},
	{XEN_ELFNOTE_PADDR_OFFSET, false, "PADDR_OFFSET"},
	{XEN_ELFNOTE_ENTRY, false, "ENTRY"},
	{XEN_ELFNOTE_HYPERCALL_PAGE, false, "HYPERCALL_PAGE"},
	{XEN_ELFNOTE_INIT_P2M, false, "INIT_P2M"},
	{XEN_ELFNOTE_MOD_START_PFN, false, "MOD_START_PFN"},
	{XEN_ELFNOTE_L1_MFN_VALID, false, "L1_MFN_VALID"},
	{XEN_ELFNOTE_SUPPORTED_FEATURES, false, "SUPPORTED_FEATURES"},
};

static void print_numbers(const struct note *note)
{
	/* Words of four or eight bytes; L1_MFN_VALID is a pair of them. */
	uint32_t word = MIN(note->size, 8u);

	for (uint32_t at = 0; at + word <= note->size; at += word) {
		uint64_t value = 0;

		memcpy(&value, (const char *)note->value + at, word);
		printk(PRINTK_OUTPUT, "%s0x%lx", at ? ", " : "", value);
	}
}

static void print_note(const struct note *note)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].type != note->type)
			continue;
		printk(PRINTK_OUTPUT, "%-20s", known[i].name);
		if (known[i].text)
			printk(PRINTK_OUTPUT, "\"%.*s\"", (int)note->size,
			       (const char *)note->value);
		else
			print_numbers(note);
		printk(PRINTK_OUTPUT, "\n");
		return;
	}
	printk(PRINTK_OUTPUT, "type %u, %u bytes\n", note->type, note->size);
}

void notes_print(void)
{
	const unsigned char *position = NULL;
	struct note note;

	while (own_note_next(&position, &note))
		print_note(&note);
}
