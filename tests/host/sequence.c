// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The prompt's command "sequence", on the model: prints the same lines.
 *
 *     build/host/sequence [--domu] FIRST COUNT [verbose] [leaks]
 */
#include "../model/stage.h"
#include "host.h"

static void print_line(const char *text)
{
	puts(text);
}

int main(int argc, char **argv)
{
	bool hardware = !(argc > 1 && strcmp(argv[1], "--domu") == 0);
	struct sequence_stage stage;
	unsigned long first, count;

	if (!hardware)
		argc--, argv++;
	if (argc < 3) {
		fprintf(stderr, "usage: sequence [--domu] FIRST COUNT [verbose] [leaks]\n");
		return 2;
	}
	first = strtoul(argv[1], NULL, 0);
	count = strtoul(argv[2], NULL, 0);
	stage = stage_start(hardware);
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "verbose") == 0)
			stage.line = print_line;
		stage.leaks |= strcmp(argv[i], "leaks") == 0;
	}
	for (unsigned long seed = first; seed < first + count; seed++) {
		struct sequence_result result = sequence_play(&stage, seed);

		printf("sequence %lu: %u operations, %u refused, digest %016lx\n", seed,
		       result.operations, result.refused, result.digest);
	}
	puts("sequence: done");
	stage_stop(&stage);
	return 0;
}
