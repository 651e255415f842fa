/* SPDX-License-Identifier: MIT */
/*
 * What replaying a trace takes on this host: the trace is checked first, so
 * that no machine is started for one that cannot be replayed, or not here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <chv/cli.h>
#include <chv/trace.h>

#include "machine.h"

/* The hypervisor beside a replayed domain; and a dom0, which takes half of the
 * memory within these bounds, and more of the hypervisor's. */
#define HYPERVISOR_MIB  16
#define DOM0_LEAST_MIB  512
#define DOM0_MOST_MIB   2048
#define BESIDE_DOM0_MIB 16
/* dom0, and what the domain's page tables may take. */
#define USUAL_MIB       768

/* QEMU shows files of certain sizes only. The rest of the copy is a hole, and
 * behind the end of a trace nothing is looked at. */
static int make_copy(struct host_machine *m, const char *path)
{
	uint64_t size = 1 << 20;
	int from = open(path, O_RDONLY | O_CLOEXEC);
	int to;
	off_t left = (off_t)m->trace_size;
	ssize_t n = 1;

	while (size < m->trace_size) {
		size *= 2;
	}
	strcpy(m->trace_copy, "/tmp/chv-trace-XXXXXX");
	to = mkostemp(m->trace_copy, O_CLOEXEC);
	while (from >= 0 && to >= 0 && left > 0 && n > 0) {
		n = sendfile(to, from, NULL, (size_t)left);
		left -= n > 0 ? n : 0;
	}
	if (left > 0 || ftruncate(to, (off_t)size) != 0) {
		chv_error("%s: no copy of it in /tmp: %s", chv_clean(path),
		          strerror(errno));
		left = 1;
	}
	if (from >= 0) {
		close(from);
	}
	if (to >= 0) {
		close(to);
	}
	m->trace = m->trace_copy;
	m->trace_size = size;
	if (left > 0) {
		host_replay_done(m);
	}
	return left > 0 ? CHV_FAILED : CHV_OK;
}

void host_replay_done(struct host_machine *m)
{
	if (m->trace_copy[0] != '\0') {
		unlink(m->trace_copy);
		m->trace_copy[0] = '\0';
	}
}

static int fit_clock(struct host_machine *m, const char *path,
                     const struct tf_super *sb, bool clock_given)
{
	bool counts = strcmp(sb->clock, "none") != 0;

	if (!clock_given) {
		m->icount = counts;
	} else if (counts && !m->icount) {
		return chv_error("%s: has exact positions, which a machine "
		                 "with --no-icount cannot find: leave it out",
		                 chv_clean(path));
	}
	return CHV_OK;
}

/* With less for dom0 there would be less for the domain too. */
static uint64_t dom0_mib(uint64_t domain_mib)
{
	uint64_t most = domain_mib < DOM0_MOST_MIB ? domain_mib : DOM0_MOST_MIB;

	return most > DOM0_LEAST_MIB ? most : DOM0_LEAST_MIB;
}

static int fit_memory(struct host_machine *m, const char *path,
                      const struct tf_super *sb, bool with_dom0)
{
	uint64_t domain_mib = sb->nr_frames >> 8;
	uint64_t least = domain_mib + HYPERVISOR_MIB;

	least += with_dom0 ? dom0_mib(domain_mib) + BESIDE_DOM0_MIB : 0;
	if (m->memory_mib == 0) {
		m->memory_mib = USUAL_MIB + 2 * domain_mib;
	}
	if (m->memory_mib < least) {
		return chv_error("--memory %lluM: the domain in %s has %lluM, "
		                 "its replay needs %lluM at least",
		                 (unsigned long long)m->memory_mib,
		                 chv_clean(path),
		                 (unsigned long long)domain_mib,
		                 (unsigned long long)least);
	}
	return CHV_OK;
}

static void note_end(void *ctx, const struct tf_chunk *chunk)
{
	uint64_t *end = ctx;

	if (chunk->header.stream == TF_STREAM_REPLAY) {
		*end = chunk->header.last_entry;
	}
}

/* The trace may end anywhere behind its start. */
static uint64_t find_end(struct chv_trace *t)
{
	uint64_t end = 0;
	const struct chv_walk walk = {.chunk = note_end, .ctx = &end};

	chv_trace_walk(t, &walk);
	return end;
}

int host_replay_machine(struct host_machine *m, const char *path,
                        const struct host_replay *how)
{
	struct chv_trace *t;
	int status;

	t = chv_trace_open(path, &status);
	if (t == NULL) {
		return status;
	}
	status = chv_trace_check_start(t, path);
	if (status == CHV_OK) {
		status = fit_clock(m, path, chv_trace_super(t),
		                   how->clock_given);
	}
	if (status == CHV_OK) {
		status =
			fit_memory(m, path, chv_trace_super(t), how->with_dom0);
	}
	m->trace = path;
	m->trace_private = true;
	m->trace_size = chv_trace_size(t);
	m->trace_end = find_end(t);
	chv_trace_close(t);
	if (status != CHV_OK) {
		return status;
	}
	if (m->trace_size < 1 << 20 ||
	    (m->trace_size & (m->trace_size - 1)) != 0) {
		return make_copy(m, path);
	}
	return CHV_OK;
}
