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

struct hvctl_memory {
	uint64_t total_kib; /* Of the machine. */
	uint64_t free_kib;  /* That nobody has yet. */
};

int hvctl_memory(struct hvctl *h, struct hvctl_memory *m);

int hvctl_pause(struct hvctl *h, uint32_t domid);
int hvctl_unpause(struct hvctl *h, uint32_t domid);
int hvctl_destroy(struct hvctl *h, uint32_t domid);

/**
 * Let the hypervisor recount the references and types of all frames. Returns
 * how many differ; each is a line of its log.
 */
int hvctl_audit(struct hvctl *h);

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

/** True when the hypervisor has them; otherwise hvctl_error() says why. */
bool hvctl_has_chrono(struct hvctl *h);

enum hvctl_session {
	HVCTL_SESSION_NONE,
	HVCTL_SESSION_RUNNING,
	HVCTL_SESSION_WAITING, /* For bytes of the trace. */
	HVCTL_SESSION_FINISHED,
	HVCTL_SESSION_CUT,
	HVCTL_SESSION_DIVERGED,
	HVCTL_SESSION_FAILED,
};

struct hvctl_status {
	bool recording; /* Otherwise, with a session, replaying. */
	bool starting;  /* The first moment is still being written or read. */
	enum hvctl_session session;
	uint64_t entry;
	uint64_t offset;
	uint64_t time_ns;
	uint64_t ring_bytes;  /* Recording: not yet in the file. */
	uint64_t total_bytes; /* Recording: of the trace so far. */
	char report[256];     /* Divergence or failure, in words. */
};

int hvctl_status(struct hvctl *h, uint32_t domid, struct hvctl_status *status);

/** Where a trace goes to or comes from: this path is the machine's window. */
#define HVCTL_WINDOW "window"

/**
 * Start recording @domid, which is traced and has not run yet. The trace
 * goes to the window or waits for hvctl_drain().
 */
int hvctl_record_start(struct hvctl *h, uint32_t domid, const char *name,
                       bool window);
/** End the recording at the guest's next entry; the guest runs on. */
int hvctl_record_stop(struct hvctl *h, uint32_t domid);

/**
 * Append to @fd what waits in the hypervisor, make it durable, and say so.
 * The file's size says where to go on, so a new recorder can take over from
 * one that died. Returns the bytes moved, or a negative errno.
 */
int64_t hvctl_drain(struct hvctl *h, uint32_t domid, int fd);

/** Wait until a session may have news, at most @ms. */
void hvctl_wait(struct hvctl *h, int ms);

/** The size of the machine's window in bytes, 0 when it has none. */
uint64_t hvctl_window_size(struct hvctl *h);
/** Bytes of the window, some of those asked for; or a negative errno. */
int64_t hvctl_window_read(struct hvctl *h, uint64_t offset, void *buf,
                          size_t len);

struct chv_trace;

/**
 * A domain from a trace, paused at its first moment. @t NULL: the window's.
 */
int hvctl_replay_create(struct hvctl *h, const struct chv_trace *t,
                        uint32_t *domid);
/**
 * Give a replaying domain the piece of @t that it waits for, if it does.
 * Returns 1 when a piece was given, 0 when none is wanted.
 */
int hvctl_replay_feed(struct hvctl *h, uint32_t domid, struct chv_trace *t);

/* ---- consoles ------------------------------------------------------------ */

/** Text that @domid wrote to its console; 0 when there is none. */
int64_t hvctl_console_read(struct hvctl *h, uint32_t domid, void *buf,
                           size_t len);
/** Input for its console; returns how much it took. */
int64_t hvctl_console_write(struct hvctl *h, uint32_t domid, const void *buf,
                            size_t len);
/** The same for the machine's second serial line. */
int64_t hvctl_serial_read(struct hvctl *h, void *buf, size_t len);
int64_t hvctl_serial_write(struct hvctl *h, const void *buf, size_t len);

#endif
