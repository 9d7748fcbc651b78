// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations on the model: after each the model's books must balance, and after each
 * sequence every frame must be ordinary memory again. Whether real Xen does the same is for
 * tests/system/xen-model.sh to say.
 */
#include "../model/model.h"
#include "../model/stage.h"
#include "host.h"

#include <xen/errno.h>

static void check(void)
{
	const char *error = model_check();

	if (error)
		fail_msg("%s", error);
}

static void play(bool hardware, uint64_t seeds, bool check_each)
{
	struct sequence_stage stage = stage_start(hardware);
	uint64_t operations = 0, refused = 0, left_out = 0;

	stage.check = check_each ? check : NULL;
	for (uint64_t seed = 0; seed < seeds; seed++) {
		struct sequence_result result = sequence_play(&stage, seed);

		assert_int_equal(result.left_over, 0);
		operations += result.operations;
		refused += result.refused;
		left_out += result.left_out;
	}
	/* The domain could be destroyed, and little was left out for that. */
	assert_int_equal(model_immortal_frames(), 0);
	assert_true(left_out * 50 < operations);
	/* Neither side of the line may be rare, or little would be tested. */
	assert_true(refused * 4 > operations && refused * 4 < operations * 3);
	stage_stop(&stage);
}

static void the_books_balance_after_every_operation(void **state)
{
	(void)state;
	play(true, 20, true);
	play(false, 20, true);
}

static void many_sequences(void **state)
{
	(void)state;
	play(true, 1000, false);
	play(false, 1000, false);
}

/*
 * After the first two of these seeds Xen kept a domain that could not be destroyed. The others make
 * the shape on the way: one by a page that a list copies, one by an update earlier in a multicall.
 */
static void what_is_left_out_loses_frames(void **state)
{
	static const uint64_t seeds[] = {0, 17, 1530, 20694};

	(void)state;
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(seeds); i++) {
		struct sequence_stage stage = stage_start(false);

		stage.leaks = i % 2;
		assert_int_equal(sequence_play(&stage, seeds[i / 2]).left_over, 0);
		assert_int_equal(model_immortal_frames(), i % 2);
		assert_null(model_check());
		stage_stop(&stage);
	}
}

/* One pin loses a frame, although all frames can be used as before. */
static void the_shortest_leak(void **state)
{
	struct sequence_stage stage = stage_start(false);

	(void)state;
	stage.check = NULL;
	assert_int_equal(sequence_leak(&stage), -XEN_EINVAL);
	assert_int_equal(model_immortal_frames(), 1);
	assert_null(model_check());
	assert_int_equal(sequence_play(&stage, 1).left_over, 0);
	assert_int_equal(model_immortal_frames(), 1);
	stage_stop(&stage);
}

/* Every refusal of a long random history has an explanation. */
static void explain(void)
{
	static uint64_t refused;
	uint64_t now = model_counters().refused;

	/* A multicall ends with any element: its refusals are looked at elsewhere. */
	if (now == refused + 1)
		(void)model_explanation();
	refused = now;
}

static void explanations_can_be_made(void **state)
{
	struct sequence_stage stage = stage_start(true);

	(void)state;
	stage.check = explain;
	for (uint64_t seed = 0; seed < 30; seed++)
		sequence_play(&stage, seed);
	stage_stop(&stage);
}

static void a_seed_is_a_sequence(void **state)
{
	struct sequence_stage stage = stage_start(true);
	uint64_t first = sequence_play(&stage, 1).digest;

	(void)state;
	assert_int_equal(sequence_play(&stage, 1).digest, first);
	assert_int_not_equal(sequence_play(&stage, 2).digest, first);
	stage_stop(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_books_balance_after_every_operation),
		cmocka_unit_test(many_sequences),
		cmocka_unit_test(what_is_left_out_loses_frames),
		cmocka_unit_test(the_shortest_leak),
		cmocka_unit_test(explanations_can_be_made),
		cmocka_unit_test(a_seed_is_a_sequence),
	};

	return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
