/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share: taking decisions from the input, byte by byte. When it is used up,
 * every decision is 0.
 *
 * A target is a file here with the function LLVMFuzzerTestOneInput(). "make fuzz" builds each with
 * clang's libFuzzer and lets it search; "make check" replays the inputs in corpus/ (replay.c).
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

static inline uint64_t fuzz_byte(struct fuzz_input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->data++;
}

/* A number below the limit, from as many bytes as that takes. */
static inline uint64_t fuzz_below(struct fuzz_input *input, uint64_t limit)
{
	uint64_t value = 0;

	for (uint64_t range = 1; range < limit && range; range <<= 8)
		value = value << 8 | fuzz_byte(input);
	return value % limit;
}

static inline uint64_t fuzz_word(struct fuzz_input *input)
{
	return fuzz_below(input, 1ull << 32) << 32 | fuzz_below(input, 1ull << 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
