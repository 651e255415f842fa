/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor as dom0's tools see it. Only the files of dom0/ that stand
 * behind this header open Xen's control devices, and Xen's libraries are
 * loaded when first needed, so that chv runs where there are none.
 *
 * Functions return 0 or a negative errno; hvctl_error() has the words.
 */
#ifndef CHV_HVCTL_H
#define CHV_HVCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hvctl;
struct chv_target;

/** Open the control devices. -ENODEV where there is no such hypervisor. */
int hvctl_open(struct hvctl **h);
void hvctl_close(struct hvctl *h);

/** What went wrong last, one line; never NULL. */
const char *hvctl_error(void);

/** True in a control domain: what runs here drives the hypervisor. */
bool hvctl_available(void);

enum hvctl_state {
	HVCTL_RUNNING,
	HVCTL_BLOCKED,
	HVCTL_PAUSED,
	HVCTL_SHUTDOWN,
	HVCTL_CRASHED,
	HVCTL_DYING,
};

#define HVCTL_NAME 64

struct hvctl_domain {
	uint32_t domid;
	char name[HVCTL_NAME]; /* As given to create; "" when unknown. */
	enum hvctl_state state;
	uint32_t nr_vcpus;
	uint64_t memory_kib;
	uint64_t cpu_time_ns;
};

/**
 * Up to @max domains into @list, in the order of their numbers. Returns how
 * many, or a negative errno.
 */
int hvctl_list(struct hvctl *h, struct hvctl_domain *list, size_t max);

int hvctl_pause(struct hvctl *h, uint32_t domid);
int hvctl_unpause(struct hvctl *h, uint32_t domid);
int hvctl_destroy(struct hvctl *h, uint32_t domid);

struct hvctl_create {
	const char *name;
	const char *kernel;  /* Path of a bzImage or an ELF file. */
	const char *initrd;  /* Path, or NULL. */
	const char *cmdline; /* Or NULL. */
	uint64_t memory_mib;
	bool traced; /* To be recorded or replayed: decided at birth. */
};

/** Build a domain; it is left paused. *@domid is its number. */
int hvctl_create(struct hvctl *h, const struct hvctl_create *c,
                 uint32_t *domid);

/* ---- record and replay: Chronovisor's own control calls ------------------ */

struct hvctl_record_status {
	bool active;
	uint64_t entries;
	uint64_t records;
	uint64_t bytes;     /* In the trace file. */
	uint64_t ring_used; /* Bytes that wait in the hypervisor. */
	uint64_t ring_size;
	uint64_t time_ns; /* The guest's virtual time. */
};

/**
 * Start recording @domid, which has not run yet, into @path. hvctl_drain()
 * has to be called while it runs.
 */
int hvctl_record_start(struct hvctl *h, uint32_t domid, const char *path);
int hvctl_record_status(struct hvctl *h, uint32_t domid,
                        struct hvctl_record_status *status);
int hvctl_record_stop(struct hvctl *h, uint32_t domid);

/**
 * Move what the hypervisor has sealed into the trace file and make it
 * durable. Returns the bytes moved, 0 when there were none and the recording
 * goes on, -ENODATA when it has ended, or another negative errno.
 */
int64_t hvctl_drain(struct hvctl *h, uint32_t domid);
/** A descriptor that becomes readable when hvctl_drain() has work. */
int hvctl_drain_fd(struct hvctl *h, uint32_t domid);

/** The console of a traced domain, whose backend is the hypervisor. */
int64_t hvctl_console_read(struct hvctl *h, uint32_t domid, void *buf,
                           size_t len);
int64_t hvctl_console_write(struct hvctl *h, uint32_t domid, const void *buf,
                            size_t len);
int hvctl_console_fd(struct hvctl *h, uint32_t domid);

/** A paused domain at the first moment of the trace at @path. */
int hvctl_replay_load(struct hvctl *h, const char *path, uint32_t *domid);

/** A target for the GDB server on a live or a replayed domain. */
int hvctl_target(struct hvctl *h, uint32_t domid, struct chv_target **t);
void hvctl_target_free(struct chv_target *t);

#endif
