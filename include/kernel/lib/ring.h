/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The byte rings of the PV console (public/io/console.h): a producer and a consumer index that only
 * ever grow, on a buffer whose size is a power of two.
 *
 * The other end is another domain; what it writes into its index is not to be trusted. Pure
 * functions on memory, so they are tested without one.
 */
#ifndef KERNEL_LIB_RING_H
#define KERNEL_LIB_RING_H

#include <kernel/lib/compiler.h>

/* One direction of a ring, seen from this side. */
struct byte_ring {
	volatile char *data;
	uint32_t size; /* bytes: a power of two */
	volatile uint32_t *consumer;
	volatile uint32_t *producer;
};

/* Bytes in the ring; a nonsense distance between the indices counts as full. */
uint32_t ring_used(const struct byte_ring *ring);

/* Puts in what fits and publishes it after the data; returns how many bytes. */
size_t ring_put(const struct byte_ring *ring, const char *text, size_t length);

/* Takes out at most "max" bytes, and frees their room after they were read; returns how many. */
size_t ring_get(const struct byte_ring *ring, char *text, size_t max);

#endif
