/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacking an initramfs that is compressed with gzip: the file format of RFC 1952, and the
 * "deflate" compression of RFC 1951 inside it.
 *
 * The data is not trusted. Whatever it says, nothing outside the given bytes is read and nothing
 * outside the given buffer is written. The tables are static, since kernel stacks are small: so
 * there can be one caller at a time, and there is only one, at boot.
 */
#ifndef KERNEL_LIB_GUNZIP_H
#define KERNEL_LIB_GUNZIP_H

#include <kernel/lib/compiler.h>

/* Returns true if the bytes begin like a gzip file. */
bool gunzip_is(const void *from, uint64_t bytes);

/*
 * Returns the unpacked length in bytes, modulo 2^32, that the end of the file claims; 0 if there is
 * no claim. It is a hint for the size of the buffer, and not to be trusted. It is the length of the
 * last member alone. If zeros follow the file, the claim is guessed from the packed size; the guess
 * is good for data that packs to between 1/100 and twice its size.
 */
uint64_t gunzip_length(const void *from, uint64_t bytes);

/*
 * Unpacks a gzip file into at most "room" bytes at "to". Several members, one after the other, are
 * unpacked one after the other, as gzip(1) does. Zeros after a member are ignored, since boot
 * loaders pad. Returns NULL, with the length in *length; or a message, and then the bytes at "to"
 * are undefined.
 */
const char *gunzip(const void *from, uint64_t bytes, void *to, uint64_t room, uint64_t *length);

#endif
