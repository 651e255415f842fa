/* SPDX-License-Identifier: MIT */
/*
 * Chronovisor's own hypercall, issued through the privcmd device. Private to
 * debugger/dom0/.
 *
 * The hypervisor reads and writes our memory as it is mapped at that moment,
 * so whatever it touches lies in one locked buffer.
 */
#ifndef CHV_DOM0_CHRONO_H
#define CHV_DOM0_CHRONO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chrono.h>

/* A chunk's header and the longest raw payload. */
#define CHRONO_BUFFER ((size_t)128 + (1u << 20))

struct chrono {
	int fd;
	int events; /* Readable when CHRONO_VIRQ came, or -1. */
	struct chrono_op *op;
	uint8_t *buffer;
};

/** Returns 0 or a negative errno: -ENOSYS on another hypervisor. */
int chrono_open(struct chrono *c);
void chrono_close(struct chrono *c);

/** Clear c->op for a new call on @domid. Returns its union. */
struct chrono_op *chrono_prepare(struct chrono *c, enum chrono_cmd cmd,
                                 uint32_t domid);

/** Issue c->op. Returns 0 or a negative errno. */
int chrono_call(struct chrono *c);

/** Prepare and issue a call that has no arguments. */
int chrono_simple(struct chrono *c, enum chrono_cmd cmd, uint32_t domid);

/**
 * A call that moves bytes between c->buffer and the hypervisor. Returns how
 * many it moved, or a negative errno.
 */
int64_t chrono_bytes(struct chrono *c, enum chrono_cmd cmd, uint32_t domid,
                     size_t size, uint64_t offset, uint32_t flags);

/** Wait until something may have changed, at most @ms. */
void chrono_wait(struct chrono *c, int ms);

#endif
