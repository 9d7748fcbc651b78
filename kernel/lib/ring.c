// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The byte ring of the PV console: putting bytes into it and getting them out.
 *
 * Each index is read once, and stored last, with release order. So the other side never sees room
 * or data before it is there.
 */
#include <kernel/lib/ring.h>

uint32_t ring_used(const struct byte_ring *ring)
{
	uint32_t producer = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	uint32_t consumer = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);

	return MIN(producer - consumer, ring->size);
}

size_t ring_put(const struct byte_ring *ring, const char *text, size_t length)
{
	uint32_t producer = *ring->producer;
	size_t count = MIN(length, ring->size - ring_used(ring));

	for (size_t i = 0; i < count; i++)
		ring->data[producer++ & (ring->size - 1)] = text[i];
	__atomic_store_n(ring->producer, producer, __ATOMIC_RELEASE);
	return count;
}

size_t ring_get(const struct byte_ring *ring, char *text, size_t max)
{
	uint32_t consumer = *ring->consumer;
	size_t count = MIN(max, ring_used(ring));

	for (size_t i = 0; i < count; i++)
		text[i] = ring->data[consumer++ & (ring->size - 1)];
	__atomic_store_n(ring->consumer, consumer, __ATOMIC_RELEASE);
	return count;
}
