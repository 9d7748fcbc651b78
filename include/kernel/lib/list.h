/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Doubly linked circular lists, linked through a member of their elements. A list is a node too. An
 * empty list points to itself, and so does a node that is in no list. No locking.
 */
#ifndef KERNEL_LIB_LIST_H
#define KERNEL_LIB_LIST_H

#include <kernel/lib/compiler.h>

struct list_node {
	struct list_node *next, *previous;
};

static inline void list_init(struct list_node *node)
{
	node->next = node;
	node->previous = node;
}

static inline bool list_empty(const struct list_node *list)
{
	return list->next == list;
}

static inline void list_add(struct list_node *list, struct list_node *node)
{
	node->next = list->next;
	node->previous = list;
	list->next->previous = node;
	list->next = node;
}

static inline void list_remove(struct list_node *node)
{
	node->next->previous = node->previous;
	node->previous->next = node->next;
	list_init(node);
}

/* Goes through the elements of a list, of that type, which it links through "member". */
#define list_for_each_entry(type, element, list, member)                                           \
	for (type *element = container_of((list)->next, type, member); &element->member != (list); \
	     element = container_of(element->member.next, type, member))

#endif
