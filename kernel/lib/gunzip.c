// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file format of gzip (RFC 1952): members one after the other, each a header, deflated data and
 * a checksum.
 */
#include "inflate.h"
#include <kernel/lib/gunzip.h>
#include <kernel/lib/string.h>

/* RFC 1952, 2.3. */
#define HEADER_SIZE   10
#define TRAILER_SIZE  8
#define FLAG_HCRC     0x02
#define FLAG_EXTRA    0x04
#define FLAG_NAME     0x08
#define FLAG_COMMENT  0x10
#define FLAG_RESERVED 0xe0

static uint32_t crc_table[256];

static uint32_t little_endian(const unsigned char *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static void make_crc_table(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t rest = byte;

		for (unsigned int bit = 0; bit < 8; bit++)
			rest = rest >> 1 ^ (rest & 1 ? 0xedb88320 : 0);
		crc_table[byte] = rest;
	}
}

static uint32_t crc32(const unsigned char *bytes, uint64_t count)
{
	uint32_t crc = ~0u;

	while (count--)
		crc = crc >> 8 ^ crc_table[(crc ^ *bytes++) & 0xff];
	return ~crc;
}

static bool skip(struct stream *stream, uint64_t bytes)
{
	if (bytes > (uint64_t)(stream->end - stream->next))
		return inflate_fail_short(stream);
	stream->next += bytes;
	return true;
}

static bool skip_text(struct stream *stream)
{
	while (stream->next < stream->end) {
		if (*stream->next++ == '\0')
			return true;
	}
	return inflate_fail_short(stream);
}

/* Skips a field that begins with its length in two bytes. */
static bool skip_extra(struct stream *stream)
{
	const unsigned char *length = stream->next;

	return skip(stream, 2) && skip(stream, length[0] | (unsigned int)length[1] << 8);
}

static bool read_header(struct stream *stream)
{
	const unsigned char *header = stream->next;
	unsigned int flags, crc;

	if (!gunzip_is(header, (uint64_t)(stream->end - header)))
		return inflate_fail(stream, "something is not gzip data");
	if (!skip(stream, HEADER_SIZE))
		return false;
	if (header[2] != 8)
		return inflate_fail(stream, "the gzip data is packed in an unknown way");
	flags = header[3];
	if (flags & FLAG_RESERVED)
		return inflate_fail(stream, "the gzip data has unknown flags");
	if ((flags & FLAG_EXTRA && !skip_extra(stream)) ||
	    (flags & FLAG_NAME && !skip_text(stream)) ||
	    (flags & FLAG_COMMENT && !skip_text(stream)))
		return false;
	if (flags & FLAG_HCRC) {
		crc = crc32(header, (uint64_t)(stream->next - header)) & 0xffff;
		if (!skip(stream, 2))
			return false;
		if (crc != (stream->next[-2] | (unsigned int)stream->next[-1] << 8))
			return inflate_fail(stream, "the checksum of the gzip header is wrong");
	}
	return true;
}

static bool check_trailer(struct stream *stream)
{
	const unsigned char *trailer = stream->next;
	uint64_t length = stream->at - stream->start;

	if (!skip(stream, TRAILER_SIZE))
		return false;
	if (crc32(stream->to + stream->start, length) != little_endian(trailer))
		return inflate_fail(stream, "the checksum of the gzip data is wrong");
	if ((uint32_t)length != little_endian(trailer + 4))
		return inflate_fail(stream, "the length of the gzip data is wrong");
	return true;
}

bool gunzip_is(const void *from, uint64_t bytes)
{
	return bytes >= 2 && memcmp(from, "\x1f\x8b", 2) == 0;
}

/*
 * The claim is in the last four bytes of the file. Its highest bytes may be zeros, which look like
 * padding after the file. For each zero that is assumed to belong to the claim, the claim is read
 * as 256 times smaller. At most three are assumed so, and only as many as leave the claim at least
 * half the packed size.
 */
uint64_t gunzip_length(const void *from, uint64_t bytes)
{
	const unsigned char *file = from;
	uint64_t end = bytes, packed, claim;

	while (end && file[end - 1] == 0)
		end--;
	if (end < HEADER_SIZE + TRAILER_SIZE - 3)
		return 0;
	packed = end - MIN(end, HEADER_SIZE + TRAILER_SIZE);
	claim = little_endian(file + end - 4);
	for (uint64_t zeros = MIN(bytes - end, 3); zeros; zeros--) {
		if (claim >> 8 * zeros >= packed / 2)
			return claim >> 8 * zeros;
	}
	return claim;
}

const char *gunzip(const void *from, uint64_t bytes, void *to, uint64_t room, uint64_t *length)
{
	struct stream stream = {.next = from, .to = to, .room = room};

	stream.end = stream.next + bytes;
	make_crc_table();
	do {
		stream.start = stream.at;
		if (!read_header(&stream) || !inflate_blocks(&stream) || !check_trailer(&stream))
			return stream.error;
		while (stream.next < stream.end && *stream.next == 0)
			stream.next++;
	} while (stream.next < stream.end);
	*length = stream.at;
	return NULL;
}
