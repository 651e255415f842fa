/* SPDX-License-Identifier: MIT */
/*
 * Intrusive doubly linked lists. A list head and its members share one type;
 * a member that is on no list points to itself.
 */
#ifndef HV_LIST_H
#define HV_LIST_H

#include <hv/types.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_add_tail(struct list *head, struct list *n)
{
	n->prev = head->prev;
	n->next = head;
	head->prev->next = n;
	head->prev = n;
}

static inline void list_add(struct list *head, struct list *n)
{
	list_add_tail(head->next, n);
}

/** Takes @n off its list; harmless when it is on none. */
static inline void list_del(struct list *n)
{
	n->next->prev = n->prev;
	n->prev->next = n->next;
	list_init(n);
}

#define list_for_each(pos, head, member)                                       \
	for (pos = CONTAINER_OF((head)->next, __typeof__(*pos), member);       \
	     &pos->member != (head);                                           \
	     pos = CONTAINER_OF(pos->member.next, __typeof__(*pos), member))

#endif
