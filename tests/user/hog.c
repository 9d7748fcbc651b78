// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes memory and touches it until there is none, or "hog LIMIT" until it has so many MiB. A line
 * every 16 MiB says how far it came. Without a limit it runs nowhere but on Pinwheel, which either
 * refuses more (then the program ends well) or kills it.
 */
#include "pinwheel.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define MIB  (1ul << 20)
#define PAGE 4096ul

int main(int argc, char **argv)
{
	unsigned long limit = argc > 1 ? strtoul(argv[1], NULL, 10) : ~0ul, have;

	if (argc < 2 && !on_pinwheel()) {
		printf("hog: this is not Pinwheel: give a limit in MiB\n");
		return 1;
	}
	for (have = 0; have < limit; have++) {
		volatile unsigned char *memory =
			mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			break;
		for (unsigned long offset = 0; offset < MIB; offset += PAGE) {
			if (memory[offset]) {
				printf("hog: new memory is not empty\n");
				return 1;
			}
			memory[offset] = 1;
		}
		if (have % 16 == 15) {
			printf("hog: %lu MiB\n", have + 1);
			fflush(stdout);
		}
	}
	printf("hog: passed, with %lu MiB\n", have);
	return 0;
}
