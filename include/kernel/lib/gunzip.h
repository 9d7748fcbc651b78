/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacking an initramfs that is packed with gzip: the file format of RFC 1952, and the "deflate"
 * compression of RFC 1951 inside it.
 *
 * The data may come from anybody. Nothing outside the given bytes is read and nothing outside the
 * given room is written, whatever they say. The tables are static, since the stacks of the kernel
 * are small: one caller at a time, and at boot there is only one.
 */
#ifndef KERNEL_LIB_GUNZIP_H
#define KERNEL_LIB_GUNZIP_H

#include <kernel/lib/compiler.h>

/* Whether these bytes begin like a gzip file. */
bool gunzip_is(const void *from, uint64_t bytes);

/*
 * The length in bytes, modulo 2^32, that the end of the file claims: a hint for the size of the
 * buffer, to be distrusted. It is that of the last member alone; and if zeros follow the file, the
 * claim is guessed from its packed size, well for whatever packs to between 1/100 and 2 times its
 * size. 0 if there is no claim.
 */
uint64_t gunzip_length(const void *from, uint64_t bytes);

/*
 * Unpacks a gzip file into at most "room" bytes at "to". Several members, one behind the other, are
 * unpacked one behind the other, as gzip(1) does; zeros behind a member are ignored, since boot
 * loaders pad. Returns NULL, with the length in *length, or what is wrong, with rubbish at "to".
 */
const char *gunzip(const void *from, uint64_t bytes, void *to, uint64_t room, uint64_t *length);

#endif
