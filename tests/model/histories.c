// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random histories of address spaces: the generator, and the naive account of every page that it
 * compares with.
 */
#include "histories.h"
#include "regions.h"

#include <kernel/lib/errno.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <mm/user/map.h>
#include <mm/user/region.h>

/* The addresses that are played with: 32 pages around the border between two pte tables. */
#define ARENA       (0x40000000ul - 16 * PAGE_SIZE)
#define ARENA_PAGES 32u
#define SPACES      4u
#define CELLS       (1u << 13)

/* The words of a page that are played with: a copy that is made to write one has the other. */
#define WORDS 2u
static const unsigned int offsets[WORDS] = {16, PAGE_SIZE - 8};

/* A page of a program; one that is shared has its values in a cell, which a fork does not copy. */
struct account {
	bool mapped, shared;
	uint8_t rights;
	uint16_t cell;
	uint64_t value[WORDS];
};

static struct account accounts[SPACES][ARENA_PAGES];
static uint64_t cells[CELLS][WORDS];
static unsigned int cells_used;
static struct space *living[SPACES];
static const struct history_access *access_by;
static uint64_t state;
static char message[160];

#define WRONG(...) (snprintf(message, sizeof(message), __VA_ARGS__), false)

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static unsigned int below(unsigned int limit)
{
	return (unsigned int)(next_random() % limit);
}

static uintptr_t page_address(unsigned int page)
{
	return ARENA + page * PAGE_SIZE;
}

static bool same(const char *what, long result, long expected)
{
	return result == expected || WRONG("%s gave %ld, not %ld", what, result, expected);
}

static uint64_t *value_of(struct account *account, unsigned int which)
{
	return &(account->shared ? cells[account->cell] : account->value)[which];
}

static enum fault expected_fault(const struct account *account, bool write)
{
	if (!account->mapped)
		return FAULT_UNMAPPED;
	return (write ? account->rights & SPACE_WRITE : account->rights) ? FAULT_DONE
									 : FAULT_FORBIDDEN;
}

static bool try_access(unsigned int who, unsigned int page, unsigned int which)
{
	struct account *account = &accounts[who][page];
	uintptr_t address = page_address(page) + offsets[which];
	bool write = next_random() & 1;
	uint64_t value = next_random(), seen = 0;
	enum fault expected = expected_fault(account, write), result;

	result = write ? access_by->write(living[who], address, value)
		       : access_by->read(living[who], address, &seen);
	if (result != expected)
		return WRONG("space %u, page %u: a %s ends with %u, not %u", who, page,
			     write ? "write" : "read", result, expected);
	if (write && result == FAULT_DONE)
		*value_of(account, which) = value;
	if (!write && result == FAULT_DONE && seen != *value_of(account, which))
		return WRONG("space %u, page %u, word %u reads %lx, not %lx", who, page, which,
			     seen, *value_of(account, which));
	return true;
}

static bool try_map(unsigned int who, unsigned int page, unsigned int count)
{
	struct mapping mapping = {
		.address = page_address(page),
		.length = count * PAGE_SIZE,
		.rights = below(8),
		.fixed = true,
		.shared = below(3) == 0,
	};

	for (unsigned int i = page; i < page + count; i++) {
		accounts[who][i] = (struct account){true,
						    mapping.shared,
						    (uint8_t)mapping.rights,
						    (uint16_t)(cells_used % CELLS),
						    {0}};
		memset(cells[cells_used++ % CELLS], 0, sizeof(cells[0]));
	}
	return same("map", map_add(living[who], &mapping), (long)mapping.address);
}

static bool try_unmap(unsigned int who, unsigned int page, unsigned int count)
{
	memset(&accounts[who][page], 0, count * sizeof(struct account));
	return same("unmap", map_remove(living[who], page_address(page), count * PAGE_SIZE), 0);
}

/* Changes rights. Pages before a gap are changed although the call fails. */
static bool try_protect(unsigned int who, unsigned int page, unsigned int count)
{
	unsigned int rights = below(8), i = page;

	while (i < page + count && accounts[who][i].mapped)
		accounts[who][i++].rights = (uint8_t)rights;
	return same("protect",
		    map_protect(living[who], page_address(page), count * PAGE_SIZE, rights),
		    i == page + count ? 0 : -ENOMEM);
}

/* A shared page comes back from its object. */
static bool try_forget(unsigned int who, unsigned int page, unsigned int count)
{
	bool gap = false;

	for (unsigned int i = page; i < page + count; i++) {
		gap |= !accounts[who][i].mapped;
		memset(accounts[who][i].value, 0, sizeof(accounts[who][i].value));
	}
	return same("forget", map_discard(living[who], page_address(page), count * PAGE_SIZE),
		    gap ? -ENOMEM : 0);
}

static bool try_remap(unsigned int who, unsigned int from, unsigned int to)
{
	struct account moved = accounts[who][from];
	long expected = !moved.mapped ? -EFAULT : from == to ? -EINVAL : (long)page_address(to);
	long result = map_resize(living[who], page_address(from), PAGE_SIZE, PAGE_SIZE, true, true,
				 page_address(to));

	if (expected > 0) {
		accounts[who][from] = (struct account){.mapped = false};
		accounts[who][to] = moved;
	}
	return same("remap", result, expected);
}

static bool try_fork(unsigned int who)
{
	unsigned int child = below(SPACES);

	if (child == who)
		return true;
	if (living[child])
		space_put(living[child]);
	living[child] = space_fork(living[who]);
	memcpy(accounts[child], accounts[who], sizeof(accounts[who]));
	return living[child] || WRONG("fork: out of memory");
}

static bool step(unsigned int who)
{
	unsigned int page = below(ARENA_PAGES), some = 1 + below(12);
	unsigned int count = MIN(some, ARENA_PAGES - page);

	/* Mostly accesses: pages must be there for the rest to have an effect. */
	switch (below(80)) {
	case 0:
	case 1:
		return try_map(who, page, count);
	case 2:
		return try_unmap(who, page, count);
	case 3:
		return try_protect(who, page, count);
	case 4:
		return try_forget(who, page, count);
	case 5:
		return try_remap(who, page, below(ARENA_PAGES));
	case 6:
		return below(4) || try_fork(who);
	default:
		return try_access(who, page, below(WORDS));
	}
}

static bool step_and_check(unsigned int who)
{
	const char *error;

	if (!living[who])
		return true;
	if (!step(who))
		return false;
	error = regions_check(living[who]);
	return !error || WRONG("%s", error);
}

static bool end(unsigned int who)
{
	if (!living[who])
		return true;
	for (unsigned int page = 0; page < ARENA_PAGES; page++) {
		for (unsigned int which = 0; which < WORDS; which++) {
			if (!try_access(who, page, which))
				return false;
		}
	}
	space_put(living[who]);
	living[who] = NULL;
	return true;
}

const char *history_play(const struct history_access *access, uint64_t seed, unsigned int steps)
{
	access_by = access;
	state = seed * 2 + 1;
	cells_used = 0;
	memset(accounts, 0, sizeof(accounts));
	living[0] = space_create();
	if (!living[0])
		return "out of memory";
	mm_activate(&living[0]->mm);
	for (unsigned int i = 0; i < steps; i++) {
		if (!step_and_check(below(SPACES)))
			return message;
	}
	for (unsigned int who = 0; who < SPACES; who++) {
		if (!end(who))
			return message;
	}
	return NULL;
}
