// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Balanced trees against a sorted array: random insertions and removals, every invariant checked
 * after each; a tree that keeps a sum over its subtrees; and how high trees become.
 */
#include "host.h"

#include <kernel/lib/tree.h>

#define ITEMS 600

struct item {
	struct tree_node node;
	unsigned int key;
	unsigned int order; /* of insertion: equal keys stay in it */
	uint64_t value;
	uint64_t sum; /* of the values in its subtree */
	bool in;
};

static struct item items[ITEMS];
static struct item *sorted[ITEMS]; /* the naive account: what is in the tree, in order */
static unsigned int count, orders;

static struct item *item_at(const struct tree_node *node)
{
	return container_of(node, struct item, node);
}

static uint64_t sum_of(const struct tree_node *node)
{
	return node ? item_at(node)->sum : 0;
}

static void add_up(struct tree_node *node)
{
	item_at(node)->sum = item_at(node)->value + sum_of(node->child[0]) + sum_of(node->child[1]);
}

static bool before(const struct tree_node *a, const struct tree_node *b)
{
	return item_at(a)->key < item_at(b)->key;
}

static bool reached(const struct tree_node *node, const void *key)
{
	return item_at(node)->key >= *(const unsigned int *)key;
}

static void insert(struct tree *tree, struct item *item)
{
	unsigned int at = count;

	item->order = orders++;
	item->in = true;
	tree_insert(tree, &item->node, before);
	for (; at > 0 && sorted[at - 1]->key > item->key; at--)
		sorted[at] = sorted[at - 1];
	sorted[at] = item;
	count++;
}

static void take_out(struct tree *tree, struct item *item)
{
	unsigned int at = 0;

	item->in = false;
	tree_remove(tree, &item->node);
	while (sorted[at] != item)
		at++;
	for (count--; at < count; at++)
		sorted[at] = sorted[at + 1];
}

static void check_sums(const struct tree_node *node)
{
	if (!node)
		return;
	assert_int_equal(item_at(node)->sum,
			 item_at(node)->value + sum_of(node->child[0]) + sum_of(node->child[1]));
	check_sums(node->child[0]);
	check_sums(node->child[1]);
}

static void compare(const struct tree *tree)
{
	const struct tree_node *node = tree_first(tree), *last = NULL;

	if (tree_check(tree))
		fail_msg("%s", tree_check(tree));
	for (unsigned int i = 0; i < count; i++) {
		assert_ptr_equal(node, &sorted[i]->node);
		assert_ptr_equal(tree_previous(node), last);
		last = node;
		node = tree_next(node);
	}
	assert_null(node);
	assert_ptr_equal(tree_last(tree), last);
	assert_int_equal(tree_empty(tree), count == 0);
	if (tree->update)
		check_sums(tree->root);
}

static void search(const struct tree *tree, unsigned int key)
{
	const struct tree_node *found = tree_search(tree, reached, &key);
	unsigned int at = 0;

	while (at < count && sorted[at]->key < key)
		at++;
	assert_ptr_equal(found, at < count ? &sorted[at]->node : NULL);
}

static void play(struct tree *tree, uint64_t seed)
{
	host_seed(seed);
	count = orders = 0;
	memset(items, 0, sizeof(items));
	for (unsigned int step = 0; step < 3000; step++) {
		/* It grows, and then shrinks. */
		bool grow = host_random_below(10) < (step < 1500 ? 7u : 3u);
		struct item *item = &items[host_random_below(ITEMS)];

		if (!item->in && grow) {
			/* Few keys, so that many are equal. */
			item->key = (unsigned int)host_random_below(seed % 2 ? 40 : 100000);
			item->value = host_random_below(1000);
			insert(tree, item);
		} else if (item->in && !grow) {
			take_out(tree, item);
		} else if (item->in && tree->update) {
			item->value = host_random_below(1000);
			tree_update(tree, &item->node);
		}
		compare(tree);
		search(tree, (unsigned int)host_random_below(seed % 2 ? 42 : 100000));
	}
}

static void random_histories(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct tree tree = {.update = NULL};

		play(&tree, seed);
	}
}

static void augmented_histories(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct tree tree = {.update = add_up};

		play(&tree, seed);
	}
}

/* Whatever the order of insertion: 2^n - 1 nodes cannot be less high than n, nor more than 1.45 n.
 */
static void trees_stay_low(void **state)
{
	static struct item many[65535];

	(void)state;
	for (unsigned int how = 0; how < 3; how++) {
		struct tree tree = {.update = NULL};

		memset(many, 0, sizeof(many));
		for (unsigned int i = 0; i < ARRAY_SIZE(many); i++) {
			many[i].key = how == 0   ? i
				      : how == 1 ? (unsigned int)ARRAY_SIZE(many) - i
						 : i * 2654435761u;
			tree_insert(&tree, &many[i].node, before);
		}
		assert_null(tree_check(&tree));
		assert_in_range(tree.root->height, 16, 23);
		/* From one end, which is what hurts a tree that forgets to balance. */
		for (unsigned int i = 0; i < ARRAY_SIZE(many) - 255; i++)
			tree_remove(&tree, tree_first(&tree));
		assert_null(tree_check(&tree));
		assert_in_range(tree.root->height, 8, 11);
	}
}

/* Each node once, and each with nothing below it any more. */
static void trees_are_given_up(void **state)
{
	struct tree tree = {.update = NULL};
	struct tree_node *node;
	unsigned int taken = 0;

	(void)state;
	memset(items, 0, sizeof(items));
	for (unsigned int i = 0; i < ITEMS; i++) {
		items[i].key = i * 7919 % ITEMS;
		items[i].in = true;
		tree_insert(&tree, &items[i].node, before);
	}
	while ((node = tree_take_leaf(&tree))) {
		assert_true(item_at(node)->in);
		assert_null(node->child[0]);
		assert_null(node->child[1]);
		item_at(node)->in = false;
		taken++;
	}
	assert_int_equal(taken, ITEMS);
	assert_true(tree_empty(&tree));
}

static void what_is_broken_is_seen(void **state)
{
	struct tree tree = {.update = NULL};

	(void)state;
	memset(items, 0, sizeof(items));
	for (unsigned int i = 0; i < 10; i++) {
		items[i].key = i;
		tree_insert(&tree, &items[i].node, before);
	}
	tree.root->child[0]->parent = tree.root->child[1];
	assert_non_null(strstr(tree_check(&tree), "parent"));
	tree.root->child[0]->parent = tree.root;
	tree.root->height++;
	assert_non_null(strstr(tree_check(&tree), "height"));
	tree.root->height--;
	assert_null(tree_check(&tree));
	/* Links that go round end too. */
	tree_first(&tree)->child[0] = tree.root;
	assert_non_null(tree_check(&tree));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_histories),       cmocka_unit_test(augmented_histories),
		cmocka_unit_test(trees_stay_low),         cmocka_unit_test(trees_are_given_up),
		cmocka_unit_test(what_is_broken_is_seen),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
