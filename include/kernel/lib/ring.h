/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The byte rings of the PV console (public/io/console.h): a producer and a consumer index that only
 * grow, into a buffer whose size is a power of two.
 *
 * The other end is another domain, and the index that it writes is not trusted. These are pure
 * functions on memory, tested without another domain.
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

/*
 * Returns the number of bytes in the ring. An impossible distance between the indices counts as
 * full.
 */
uint32_t ring_used(const struct byte_ring *ring);

/* Writes as many bytes as fit, then publishes them. Returns how many. */
size_t ring_put(const struct byte_ring *ring, const char *text, size_t length);

/* Reads at most "max" bytes, then frees their room. Returns how many. */
size_t ring_get(const struct byte_ring *ring, char *text, size_t max);

#endif
