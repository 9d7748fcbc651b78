// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The console's byte rings: nothing lost or doubled over any pattern of puts and gets, over the
 * wrap of the indices, and with an other end that writes nonsense.
 */
#include "host.h"

#include <kernel/lib/ring.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 16

static char data[SIZE];
static uint32_t consumer, producer;
static const struct byte_ring ring = {data, SIZE, &consumer, &producer};

static void start(uint32_t at)
{
	memset(data, 0, sizeof(data));
	consumer = producer = at;
}

static void in_and_out(void **state)
{
	char text[SIZE];

	(void)state;
	start(0);
	assert_int_equal(ring_get(&ring, text, SIZE), 0);
	assert_int_equal(ring_put(&ring, "hello", 5), 5);
	assert_int_equal(ring_used(&ring), 5);
	assert_int_equal(ring_get(&ring, text, 2), 2);
	assert_memory_equal(text, "he", 2);
	assert_int_equal(ring_get(&ring, text, SIZE), 3);
	assert_memory_equal(text, "llo", 3);
	assert_int_equal(ring_used(&ring), 0);
}

static void full_means_full(void **state)
{
	(void)state;
	start(5);
	assert_int_equal(ring_put(&ring, "0123456789abcdefXYZ", 19), SIZE);
	assert_int_equal(ring_used(&ring), SIZE);
	assert_int_equal(ring_put(&ring, "X", 1), 0);
}

static void every_byte_once_and_in_order(void **state)
{
	static const uint32_t starts[] = {0, 7, UINT32_MAX - 20, UINT32_MAX};

	(void)state;
	host_seed(9);
	for (size_t s = 0; s < ARRAY_SIZE(starts); s++) {
		unsigned char next_in = 0, next_out = 0;

		start(starts[s]);
		for (unsigned int i = 0; i < 5000; i++) {
			char text[2 * SIZE];
			size_t want = host_random_below(sizeof(text)), count;

			for (size_t k = 0; k < want; k++)
				text[k] = (char)(next_in + k);
			next_in = (unsigned char)(next_in + ring_put(&ring, text, want));
			count = ring_get(&ring, text, host_random_below(sizeof(text)));
			for (size_t k = 0; k < count; k++)
				assert_int_equal((unsigned char)text[k], next_out++);
		}
	}
}

static void a_hostile_other_end(void **state)
{
	char text[4 * SIZE];

	(void)state;
	host_seed(10);
	for (unsigned int i = 0; i < 10000; i++) {
		start((uint32_t)host_random());
		consumer = (uint32_t)host_random();
		assert_true(ring_used(&ring) <= SIZE);
		assert_true(ring_put(&ring, "0123456789abcdef0123456789", 26) <= SIZE);
		producer = (uint32_t)host_random();
		assert_true(ring_get(&ring, text, sizeof(text)) <= SIZE);
	}
}

static unsigned int calls;

static unsigned int call(void)
{
	return ++calls;
}

/* The ring relies on it: what the other end changes meanwhile must not be looked at twice. */
static void a_minimum_evaluates_once(void **state)
{
	(void)state;
	calls = 0;
	assert_int_equal(MIN(call(), 10u), 1);
	assert_int_equal(MAX(call(), 1u), 2);
	assert_int_equal(MIN(9u, MAX(call(), call())), 4);
	assert_int_equal(calls, 4);
}

/* The other end is another process, which takes and gives back all the time. */
static void the_other_end_moves_meanwhile(void **state)
{
	uint32_t *index = mmap(NULL, 2 * sizeof(*index), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct byte_ring shared = {data, SIZE, &index[0], &index[1]};
	pid_t other;
	char byte;

	(void)state;
	assert_ptr_not_equal(index, MAP_FAILED);
	other = fork();
	assert_true(other >= 0);
	/* A check that fails here ends it too. */
	if (!other)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (uint32_t i = 0; !other; i++)
		__atomic_store_n(&index[0], index[1] - (i % 2 ? SIZE : 1), __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < 1000000; i++) {
		assert_true(ring_put(&shared, "x", 1) <= 1);
		assert_true(ring_get(&shared, &byte, 1) <= 1);
	}
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
	munmap(index, 2 * sizeof(*index));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_and_out),
		cmocka_unit_test(full_means_full),
		cmocka_unit_test(every_byte_once_and_in_order),
		cmocka_unit_test(a_hostile_other_end),
		cmocka_unit_test(a_minimum_evaluates_once),
		cmocka_unit_test(the_other_end_moves_meanwhile),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
