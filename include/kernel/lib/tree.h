/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Balanced binary trees, linked through a member of their elements. Finding, inserting and removing
 * a node takes time proportional to the logarithm of the number of nodes.
 *
 * They are AVL trees (Knuth, The Art of Computer Programming volume 3, section 6.2.3). Invariants,
 * checked by tree_check():
 *  - a node comes after all nodes of its left subtree and before all of its right subtree;
 *  - the heights of the two subtrees differ by at most one, so that the height of a tree of n nodes
 *    is less than 1.45 log2(n + 2).
 *
 * A tree may be *augmented*: each node keeps a value about its whole subtree, which update()
 * computes from the node itself and its two children.
 *
 * The user defines the order: this file only asks whether a node comes before another.
 * No locking.
 */
#ifndef KERNEL_LIB_TREE_H
#define KERNEL_LIB_TREE_H

#include <kernel/lib/compiler.h>

struct tree_node {
	struct tree_node *parent;
	struct tree_node *child[2]; /* left and right */
	unsigned int height;        /* of the subtree; 1 without children */
};

/* An empty tree is all zeros, except for "update". */
struct tree {
	struct tree_node *root;
	void (*update)(struct tree_node *node); /* NULL: it is not augmented */
};

static inline bool tree_empty(const struct tree *tree)
{
	return !tree->root;
}

/* Return the first or last node, or the neighbour of one; NULL if there is none. */
struct tree_node *tree_first(const struct tree *tree);
struct tree_node *tree_last(const struct tree *tree);
struct tree_node *tree_next(const struct tree_node *node);
struct tree_node *tree_previous(const struct tree_node *node);

/*
 * Returns the first node for which reached(node, key) is true; NULL: there is none. In the tree's
 * order reached() must be false up to some node, and true from there on.
 */
static inline struct tree_node *
tree_search(const struct tree *tree, bool (*reached)(const struct tree_node *node, const void *key),
	    const void *key)
{
	struct tree_node *node = tree->root, *found = NULL;

	while (node) {
		bool here = reached(node, key);

		if (here)
			found = node;
		node = node->child[!here];
	}
	return found;
}

/* Links a node in as a child that "parent" lacks; if parent is NULL, as the only node. */
void tree_link(struct tree *tree, struct tree_node *node, struct tree_node *parent,
	       unsigned int side);

/* Inserts a node, after the nodes that it does not come before. */
static inline void tree_insert(struct tree *tree, struct tree_node *node,
			       bool (*before)(const struct tree_node *a, const struct tree_node *b))
{
	struct tree_node *parent = NULL, *next = tree->root;
	unsigned int side = 0;

	while (next) {
		parent = next;
		side = !before(node, parent);
		next = parent->child[side];
	}
	tree_link(tree, node, parent, side);
}

void tree_remove(struct tree *tree, struct tree_node *node);

/*
 * Removes and returns some node without children, and leaves the tree unbalanced: only for freeing
 * a whole tree. Returns NULL if the tree is empty.
 */
struct tree_node *tree_take_leaf(struct tree *tree);

/* Calls update() for a node whose own contents have changed, and for all nodes above it. */
void tree_update(struct tree *tree, struct tree_node *node);

/* Checks the shape of the tree, not its order. Returns NULL, or a message. */
const char *tree_check(const struct tree *tree);

#endif
