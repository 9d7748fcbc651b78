// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unpacking "deflate" data (RFC 1951; the section numbers in comments are its).
 *
 * Deflated data is a stream of bits, the lowest of a byte first, in blocks. A block is stored as it
 * is, or made of symbols: literal bytes, and matches, which repeat some of what was unpacked
 * before. Symbols are written in Huffman codes, which a block describes by nothing but the length
 * of each symbol's code. Codes of up to FAST_BITS bits, that is nearly all that occur, take one
 * look into a table; longer ones are found length by length.
 *
 * The first error sticks. After it symbols read as the end of a block and numbers as 0, so it is
 * enough to check "error" at the end of each step.
 *
 * (It is the kernel's own: the distribution packages zlib only as code compiled for programs, with
 * SSE registers, which the kernel may not use.)
 */
#include "inflate.h"
#include <kernel/lib/string.h>

#define FAST_BITS    10
#define LONGEST      15 /* bits of a code */
#define END_OF_BLOCK 256
#define LITERALS     286 /* symbols that a block may describe: literals, the end, and lengths */
#define DISTANCES    30

/*
 * A canonical code (3.2.2): codes of the same length are consecutive numbers in the order of their
 * symbols. "first" is the first code of a length, and "start" its symbol's index in "sorted".
 */
struct code {
	uint16_t fast[1 << FAST_BITS]; /* by the next bits: symbol * 16 + length, or 0 */
	uint16_t sorted[288];
	uint16_t count[LONGEST + 1], first[LONGEST + 1], start[LONGEST + 1];
};

static struct code literals, distances;

bool inflate_fail(struct stream *stream, const char *what)
{
	if (!stream->error)
		stream->error = what;
	return false;
}

bool inflate_fail_short(struct stream *stream)
{
	return inflate_fail(stream, "the gzip data is cut short");
}

static void refill(struct stream *stream)
{
	while (stream->held <= 56 && stream->next < stream->end) {
		stream->bits |= (uint64_t)*stream->next++ << stream->held;
		stream->held += 8;
	}
}

static void drop(struct stream *stream, unsigned int count)
{
	stream->bits >>= count;
	stream->held -= count;
}

/* Reads a number of up to 16 bits; 0, with the error noted, if the data ends. */
static unsigned int take(struct stream *stream, unsigned int count)
{
	unsigned int value;

	if (stream->held < count)
		refill(stream);
	if (stream->held < count)
		return inflate_fail_short(stream);
	value = (unsigned int)stream->bits & ((1u << count) - 1);
	drop(stream, count);
	return value;
}

/* Returns whole bytes from "bits" to the input, and drops the rest of the current byte. */
static void to_byte_boundary(struct stream *stream)
{
	stream->next -= stream->held / 8;
	stream->bits = stream->held = 0;
}

/*
 * Reverses the bits of a code: its highest bit comes first in the stream, unlike all other numbers.
 */
static unsigned int reverse(uint64_t bits, unsigned int count)
{
	unsigned int reversed = 0;

	for (; count; count--, bits >>= 1)
		reversed = reversed << 1 | (bits & 1);
	return reversed;
}

static void enter(struct code *code, unsigned int symbol, unsigned int length, unsigned int nth)
{
	code->sorted[code->start[length] + nth] = (uint16_t)symbol;
	if (length > FAST_BITS)
		return;
	/* For all values of the bits after the code. */
	for (unsigned int i = reverse(code->first[length] + nth, length); i < 1 << FAST_BITS;
	     i += 1u << length)
		code->fast[i] = (uint16_t)(symbol * 16 + length);
}

/*
 * Builds the code from the length of each symbol's code, 0 for none. Every sequence of bits must
 * begin with exactly one code. If "sparse", a code of one symbol with one bit, or of no symbol, is
 * allowed too (3.2.7).
 */
static bool build(struct stream *stream, struct code *code, const uint8_t *lengths,
		  unsigned int symbols, bool sparse)
{
	uint16_t entered[LONGEST + 1] = {0};
	int unused = 1;

	memset(code, 0, sizeof(*code));
	for (unsigned int symbol = 0; symbol < symbols; symbol++)
		code->count[lengths[symbol]]++;
	code->count[0] = 0;
	for (unsigned int n = 1; n <= LONGEST; n++) {
		unused = unused * 2 - code->count[n];
		if (unused < 0)
			return inflate_fail(stream,
					    "a Huffman code of the gzip data has too many symbols");
		code->first[n] = (uint16_t)((code->first[n - 1] + code->count[n - 1]) * 2);
		code->start[n] = (uint16_t)(code->start[n - 1] + code->count[n - 1]);
	}
	if (unused && !(sparse && code->start[LONGEST] + code->count[LONGEST] == code->count[1]))
		return inflate_fail(stream, "a Huffman code of the gzip data is incomplete");
	for (unsigned int symbol = 0; symbol < symbols; symbol++) {
		unsigned int length = lengths[symbol];

		if (length)
			enter(code, symbol, length, entered[length]++);
	}
	return true;
}

static unsigned int decode_long(struct stream *stream, const struct code *code)
{
	unsigned int value = reverse(stream->bits, FAST_BITS);

	for (unsigned int length = FAST_BITS + 1; length <= LONGEST; length++) {
		unsigned int nth;

		value = value << 1 | (stream->bits >> (length - 1) & 1);
		nth = value - code->first[length];
		if (length > stream->held) {
			inflate_fail_short(stream);
			return END_OF_BLOCK;
		}
		if (nth < code->count[length]) {
			drop(stream, length);
			return code->sorted[code->start[length] + nth];
		}
	}
	inflate_fail(stream, "the gzip data has bits that stand for nothing");
	return END_OF_BLOCK;
}

/* Decodes the next symbol; END_OF_BLOCK on an error. */
static unsigned int decode(struct stream *stream, const struct code *code)
{
	unsigned int entry, length;

	if (stream->held < LONGEST)
		refill(stream);
	entry = code->fast[stream->bits & ((1 << FAST_BITS) - 1)];
	length = entry % 16;
	if (!length)
		return decode_long(stream, code);
	if (length > stream->held) {
		inflate_fail_short(stream);
		return END_OF_BLOCK;
	}
	drop(stream, length);
	return entry / 16;
}

static bool check_room(struct stream *stream, uint64_t bytes)
{
	return bytes <= stream->room - stream->at ||
	       inflate_fail(stream, "the gzip data unpacks to more than there is room for");
}

/*
 * Returns the length of a match (3.2.5): 3 to 10 have one symbol each, then each power of two has
 * four.
 */
static unsigned int match_length(struct stream *stream, unsigned int n)
{
	unsigned int extra = n / 4 - 1;

	if (n < 8)
		return 3 + n;
	if (n == 28)
		return 258;
	return 3 + ((4 + n % 4) << extra) + take(stream, extra);
}

/* Returns the distance of a match: 1 to 4 have one symbol each, then each power of two has two. */
static unsigned int match_distance(struct stream *stream, unsigned int n)
{
	unsigned int extra = n / 2 - 1;

	if (n < 4)
		return 1 + n;
	return 1 + ((2 + n % 2) << extra) + take(stream, extra);
}

static bool repeat_match(struct stream *stream, unsigned int symbol)
{
	unsigned int length, n, distance;
	unsigned char *to;

	if (symbol >= LITERALS)
		return inflate_fail(stream, "the gzip data has an unknown length");
	length = match_length(stream, symbol - END_OF_BLOCK - 1);
	n = decode(stream, &distances);
	if (n >= DISTANCES)
		return inflate_fail(stream, "the gzip data has an unknown distance");
	distance = match_distance(stream, n);
	if (distance > stream->at - stream->start)
		return inflate_fail(stream, "the gzip data repeats what is before its beginning");
	if (!check_room(stream, length))
		return false;
	/* Byte by byte, since a match may overlap itself. */
	to = stream->to + stream->at;
	for (unsigned int i = 0; i < length; i++, to++)
		*to = *(to - distance);
	stream->at += length;
	return !stream->error;
}

static bool unpack_symbols(struct stream *stream)
{
	unsigned int symbol;

	while ((symbol = decode(stream, &literals)) != END_OF_BLOCK) {
		if (symbol > END_OF_BLOCK) {
			if (!repeat_match(stream, symbol))
				return false;
		} else {
			if (!check_room(stream, 1))
				return false;
			stream->to[stream->at++] = (unsigned char)symbol;
		}
	}
	return !stream->error;
}

/* Unpacks a block without compression (3.2.4). */
static bool unpack_stored(struct stream *stream)
{
	unsigned int length, inverse;

	drop(stream, stream->held % 8);
	length = take(stream, 16);
	inverse = take(stream, 16);
	if ((length ^ inverse) != 0xffff)
		return inflate_fail(stream,
				    "the length of a stored block of the gzip data is damaged");
	to_byte_boundary(stream);
	if (length > (uint64_t)(stream->end - stream->next))
		return inflate_fail_short(stream);
	if (!check_room(stream, length))
		return false;
	memcpy(stream->to + stream->at, stream->next, length);
	stream->next += length;
	stream->at += length;
	return true;
}

/* Unpacks a block in the fixed codes (3.2.6). */
static bool unpack_fixed(struct stream *stream)
{
	uint8_t lengths[288];

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	build(stream, &literals, lengths, 288, false);
	memset(lengths, 5, 32);
	build(stream, &distances, lengths, 32, false);
	return unpack_symbols(stream);
}

/* Reads lengths of codes, which are themselves encoded, with symbols for runs (3.2.7). */
static bool read_lengths(struct stream *stream, const struct code *code, uint8_t *lengths,
			 unsigned int count)
{
	unsigned int done = 0;

	while (done < count) {
		unsigned int symbol = decode(stream, code), run = 1;
		uint8_t length = 0;

		if (stream->error)
			return false;
		if (symbol == 16 && !done)
			return inflate_fail(stream,
					    "the gzip data repeats a length before the first");
		if (symbol < 16) {
			length = (uint8_t)symbol;
		} else if (symbol == 16) {
			length = lengths[done - 1];
			run = 3 + take(stream, 2);
		} else {
			run = symbol == 17 ? 3 + take(stream, 3) : 11 + take(stream, 7);
		}
		if (run > count - done)
			return inflate_fail(stream, "the gzip data has more lengths than symbols");
		memset(lengths + done, length, run);
		done += run;
	}
	return !stream->error;
}

/* Unpacks a block that begins with its own codes (3.2.7). */
static bool unpack_dynamic(struct stream *stream)
{
	static const uint8_t order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					11, 4,  12, 3, 13, 2, 14, 1, 15};
	uint8_t lengths[LITERALS + DISTANCES] = {0};
	unsigned int literal_count = 257 + take(stream, 5);
	unsigned int distance_count = 1 + take(stream, 5);
	unsigned int length_count = 4 + take(stream, 4);

	if (literal_count > LITERALS || distance_count > DISTANCES)
		return inflate_fail(stream, "the gzip data describes symbols that do not exist");
	for (unsigned int i = 0; i < length_count; i++)
		lengths[order[i]] = (uint8_t)take(stream, 3);
	/*
	 * The code of the lengths is no longer needed when its table is filled with the distances.
	 */
	if (stream->error || !build(stream, &distances, lengths, ARRAY_SIZE(order), false) ||
	    !read_lengths(stream, &distances, lengths, literal_count + distance_count))
		return false;
	if (!lengths[END_OF_BLOCK])
		return inflate_fail(stream, "a block of the gzip data has no end");
	return build(stream, &literals, lengths, literal_count, true) &&
	       build(stream, &distances, lengths + literal_count, distance_count, true) &&
	       unpack_symbols(stream);
}

bool inflate_blocks(struct stream *stream)
{
	bool last, good;

	do {
		last = take(stream, 1);
		switch (take(stream, 2)) {
		case 0:
			good = unpack_stored(stream);
			break;
		case 1:
			good = unpack_fixed(stream);
			break;
		case 2:
			good = unpack_dynamic(stream);
			break;
		default:
			good = inflate_fail(stream, "the gzip data has a block of an unknown type");
			break;
		}
	} while (good && !last);
	to_byte_boundary(stream);
	return good;
}
