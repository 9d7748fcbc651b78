// SPDX-License-Identifier: GPL-2.0-or-later
/* Random numbers for programs, made from clocks by mixing; they are no secrets. */
#include <arch/cpu.h>
#include <arch/time.h>
#include <kernel/process/random.h>

static uint64_t random_word(void)
{
	static uint64_t state;

	state += rdtsc() ^ time_wall();
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x9e3779b97f4a7c15;
}

void random_bytes(unsigned char *bytes, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		bytes[i] = (unsigned char)(random_word() >> 32);
}
