// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Balanced binary trees: inserting, removing and finding nodes.
 *
 * A change of a subtree is followed up to the root. Each node on the way is balanced: its height is
 * computed anew, update() is called, and it is rotated if one side has become two higher than the
 * other. Sides are numbers, so that no case is written twice.
 */
#include <kernel/lib/tree.h>

static unsigned int height(const struct tree_node *node)
{
	return node ? node->height : 0;
}

/* Replaces a node, below that node's parent, by another one or by none. */
static void replace(struct tree *tree, const struct tree_node *old, struct tree_node *node)
{
	struct tree_node *parent = old->parent;

	if (parent)
		parent->child[parent->child[1] == old] = node;
	else
		tree->root = node;
	if (node)
		node->parent = parent;
}

static void set_child(struct tree_node *parent, unsigned int side, struct tree_node *child)
{
	parent->child[side] = child;
	if (child)
		child->parent = parent;
}

/*
 * Computes what a node keeps about its subtree, from the heights of its two sides, which are
 * correct.
 */
static void refresh(const struct tree *tree, struct tree_node *node, unsigned int left,
		    unsigned int right)
{
	node->height = 1 + MAX(left, right);
	if (tree->update)
		tree->update(node);
}

/* Rotates: puts the child on that side above its parent. Returns the child. */
static struct tree_node *rotate(struct tree *tree, struct tree_node *node, unsigned int side)
{
	struct tree_node *child = node->child[side];

	replace(tree, node, child);
	set_child(node, side, child->child[!side]);
	set_child(child, !side, node);
	refresh(tree, node, height(node->child[0]), height(node->child[1]));
	refresh(tree, child, height(child->child[0]), height(child->child[1]));
	return child;
}

/* Balances a subtree whose two sides are balanced. Returns its new top. */
static struct tree_node *balance(struct tree *tree, struct tree_node *node)
{
	unsigned int left = height(node->child[0]), right = height(node->child[1]);
	unsigned int side = right > left;

	if (left <= right + 1 && right <= left + 1) {
		refresh(tree, node, left, right);
		return node;
	}
	/*
	 * A single rotation would leave an inner grandchild as deep on the other side: move it
	 * outside first.
	 */
	if (height(node->child[side]->child[!side]) > height(node->child[side]->child[side]))
		rotate(tree, node->child[side], !side);
	return rotate(tree, node, side);
}

/* Balances from a node up to the root, or to the first node that does not change. */
static void balance_up(struct tree *tree, struct tree_node *node)
{
	while (node) {
		unsigned int before = node->height;

		node = balance(tree, node);
		if (node->height == before && !tree->update)
			break;
		node = node->parent;
	}
}

void tree_link(struct tree *tree, struct tree_node *node, struct tree_node *parent,
	       unsigned int side)
{
	*node = (struct tree_node){.parent = parent};
	if (parent)
		parent->child[side] = node;
	else
		tree->root = node;
	balance_up(tree, node);
}

static struct tree_node *outermost(struct tree_node *node, unsigned int side)
{
	while (node && node->child[side])
		node = node->child[side];
	return node;
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
	struct tree_node *heir, *changed = node->parent;

	if (node->child[0] && node->child[1]) {
		/* The next node replaces it, and itself has no left child. */
		heir = outermost(node->child[1], 0);
		changed = heir->parent == node ? heir : heir->parent;
		replace(tree, heir, heir->child[1]);
		replace(tree, node, heir);
		set_child(heir, 0, node->child[0]);
		set_child(heir, 1, node->child[1]);
		heir->height = node->height;
	} else {
		replace(tree, node, node->child[0] ? node->child[0] : node->child[1]);
	}
	balance_up(tree, changed);
}

struct tree_node *tree_take_leaf(struct tree *tree)
{
	struct tree_node *node = tree->root;

	while (node && (node->child[0] || node->child[1]))
		node = node->child[!node->child[0]];
	if (node)
		replace(tree, node, NULL);
	return node;
}

void tree_update(struct tree *tree, struct tree_node *node)
{
	for (; node; node = node->parent)
		tree->update(node);
}

struct tree_node *tree_first(const struct tree *tree)
{
	return outermost(tree->root, 0);
}

struct tree_node *tree_last(const struct tree *tree)
{
	return outermost(tree->root, 1);
}

/*
 * Returns the neighbour on a side: the nearest node below on that side, or else the first above
 * that has the node on its other side.
 */
static struct tree_node *neighbour(const struct tree_node *node, unsigned int side)
{
	if (node->child[side])
		return outermost(node->child[side], !side);
	while (node->parent && node->parent->child[side] == node)
		node = node->parent;
	return node->parent;
}

struct tree_node *tree_next(const struct tree_node *node)
{
	return neighbour(node, 1);
}

struct tree_node *tree_previous(const struct tree_node *node)
{
	return neighbour(node, 0);
}

/* Heights decrease on the way down, so this ends even if links form a cycle. */
static const char *check(const struct tree_node *node, const struct tree_node *parent)
{
	unsigned int left, right;
	const char *error;

	if (!node)
		return NULL;
	left = height(node->child[0]);
	right = height(node->child[1]);
	if (node->parent != parent)
		return "a node of a tree has another parent than the one that it hangs on";
	if (node->height != 1 + MAX(left, right))
		return "a node of a tree has the wrong height";
	if (left > right + 1 || right > left + 1)
		return "a tree is not balanced";
	error = check(node->child[0], node);
	return error ? error : check(node->child[1], node);
}

const char *tree_check(const struct tree *tree)
{
	return check(tree->root, NULL);
}
