// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations on the model: after each the model's books must balance, and after each
 * sequence every frame must be ordinary memory again. Whether real Xen does the same is for
 * tests/system/xen-model.sh to say.
 */
#include "../model/model.h"
#include "../model/stage.h"
#include "host.h"

static void check(void)
{
	const char *error = model_check();

	if (error)
		fail_msg("%s", error);
}

static void play(bool hardware, uint64_t seeds, bool check_each)
{
	struct sequence_stage stage = stage_start(hardware);
	uint64_t operations = 0, refused = 0;

	stage.check = check_each ? check : NULL;
	for (uint64_t seed = 0; seed < seeds; seed++) {
		struct sequence_result result = sequence_play(&stage, seed);

		assert_int_equal(result.left_over, 0);
		operations += result.operations;
		refused += result.refused;
	}
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
		cmocka_unit_test(explanations_can_be_made),
		cmocka_unit_test(a_seed_is_a_sequence),
	};

	return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
