/* SPDX-License-Identifier: MIT */
/*
 * Verbs on domains that there are: list, pause, unpause, destroy, audit. They
 * run in dom0 and say so anywhere else.
 */
#include <chv/cli.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <chv/hvctl.h>

#include "cmd.h"

#define POLL_MS    20
#define STOP_POLLS 25

const struct option chv_options_list[] = {
	{"json", no_argument, NULL, 'j'},
	{NULL, 0, NULL, 0},
};

const struct option chv_options_destroy[] = {
	{"force", no_argument, NULL, 'f'},
	{NULL, 0, NULL, 0},
};

static const char *const state_names[] = {
	[HVCTL_RUNNING] = "running", [HVCTL_BLOCKED] = "blocked",
	[HVCTL_PAUSED] = "paused",   [HVCTL_SHUTDOWN] = "shutdown",
	[HVCTL_CRASHED] = "crashed", [HVCTL_DYING] = "dying",
};

int dom0_failed(void)
{
	return chv_error("%s", chv_clean(hvctl_error()));
}

int dom0_status(int err)
{
	dom0_failed();
	if (err == -EINTR) {
		return CHV_INTERRUPTED;
	}
	return err == -ESRCH ? CHV_NOT_FOUND : CHV_FAILED;
}

/* Returns 1 and *@found, 0 when there is none, or a negative errno. */
static int look_up(struct hvctl *h, const char *name,
                   struct hvctl_domain *found)
{
	static struct hvctl_domain list[DOM0_MAX_DOMAINS];
	int nr = hvctl_list(h, list, DOM0_MAX_DOMAINS);
	uint64_t number;
	bool by_number = chv_number(name, &number);

	for (int i = 0; i < nr; i++) {
		if (by_number ? list[i].domid == number
		              : strcmp(list[i].name, name) == 0) {
			*found = list[i];
			return 1;
		}
	}
	return nr < 0 ? nr : 0;
}

int dom0_find(struct hvctl *h, const char *name, struct hvctl_domain *found)
{
	int nr = look_up(h, name, found);

	if (nr < 0) {
		return dom0_status(nr);
	}
	if (nr == 0) {
		chv_error("there is no domain '%s': see 'list'",
		          chv_clean(name));
		return CHV_NOT_FOUND;
	}
	return CHV_OK;
}

int dom0_name_free(struct hvctl *h, const char *name)
{
	struct hvctl_domain d;
	int nr = look_up(h, name, &d);

	if (nr < 0) {
		return dom0_status(nr);
	}
	if (nr > 0) {
		return chv_error("there is a domain '%s' already: choose "
		                 "another name, or destroy that one",
		                 chv_clean(name));
	}
	return CHV_OK;
}

/* ---- list ---------------------------------------------------------------- */

static void print_domain(const struct hvctl_domain *d)
{
	printf("%4u  %-20s %-9s %5u %10" PRIu64 " %10.1f\n", d->domid,
	       chv_clean(d->name), state_names[d->state], d->nr_vcpus,
	       d->memory_kib / 1024, (double)d->cpu_time_ns / 1e9);
}

static json_t *domain_json(const struct hvctl_domain *d)
{
	return json_pack("{sisssssisIsI}", "id", (int)d->domid, "name",
	                 chv_clean(d->name), "state", state_names[d->state],
	                 "vcpus", (int)d->nr_vcpus, "memory_kib",
	                 (json_int_t)d->memory_kib, "cpu_time_ns",
	                 (json_int_t)d->cpu_time_ns);
}

static void print_list(const struct hvctl_domain *list, int nr,
                       const struct hvctl_memory *m)
{
	printf("  ID  %-20s %-9s %5s %10s %10s\n", "NAME", "STATE", "VCPUS",
	       "MEM(MiB)", "CPU(s)");
	for (int i = 0; i < nr; i++) {
		print_domain(&list[i]);
	}
	printf("free: %" PRIu64 " of %" PRIu64 " MiB\n", m->free_kib / 1024,
	       m->total_kib / 1024);
}

static void dump_list(const struct hvctl_domain *list, int nr,
                      const struct hvctl_memory *m)
{
	json_t *array = json_array();
	json_t *all;

	for (int i = 0; i < nr; i++) {
		json_array_append_new(array, domain_json(&list[i]));
	}
	all = json_pack("{sosIsI}", "domains", array, "free_kib",
	                (json_int_t)m->free_kib, "total_kib",
	                (json_int_t)m->total_kib);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static int list_domains(struct hvctl *h, bool json)
{
	static struct hvctl_domain list[DOM0_MAX_DOMAINS];
	int nr = hvctl_list(h, list, DOM0_MAX_DOMAINS);
	struct hvctl_memory m;
	int err = nr < 0 ? nr : hvctl_memory(h, &m);

	if (err != 0) {
		return dom0_status(err);
	}
	if (json) {
		dump_list(list, nr, &m);
	} else {
		print_list(list, nr, &m);
	}
	return CHV_OK;
}

int cmd_list(int argc, char **argv)
{
	struct hvctl *h;
	bool json = false;
	int status;
	int c;

	while ((c = getopt_long(argc, argv, "j", chv_options_list, NULL)) !=
	       -1) {
		if (c != 'j') {
			return chv_usage("list");
		}
		json = true;
	}
	if (optind != argc) {
		return chv_usage("list");
	}
	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	status = list_domains(h, json);
	hvctl_close(h);
	return status;
}

/* ---- pause, unpause, destroy --------------------------------------------- */

static int refuse_dom0(const char *what)
{
	return chv_error("dom0 cannot be %s: chv itself runs in it", what);
}

/* A domain that has ended stays until it is destroyed. */
static int refuse_ended(const struct hvctl_domain *d)
{
	return chv_error("d%u does not run any more: its state is '%s'",
	                 d->domid, state_names[d->state]);
}

static bool has_ended(const struct hvctl_domain *d)
{
	return d->state == HVCTL_SHUTDOWN || d->state == HVCTL_CRASHED ||
	       d->state == HVCTL_DYING;
}

static int set_paused(struct hvctl *h, const struct hvctl_domain *d, bool pause)
{
	int err;

	if (d->domid == 0) {
		return refuse_dom0(pause ? "paused" : "unpaused");
	}
	if (has_ended(d)) {
		return refuse_ended(d);
	}
	if ((d->state == HVCTL_PAUSED) == pause) {
		chv_error("d%u is %s", d->domid,
		          pause ? "paused already" : "not paused");
		return CHV_OK;
	}
	err = pause ? hvctl_pause(h, d->domid) : hvctl_unpause(h, d->domid);
	return err == 0 ? CHV_OK : dom0_status(err);
}

static int pause_verb(int argc, char **argv, bool pause)
{
	struct hvctl_domain d;
	struct hvctl *h;
	int status;

	if (argc != 2) {
		return chv_usage(argv[0]);
	}
	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	status = dom0_find(h, argv[1], &d);
	if (status == CHV_OK) {
		status = set_paused(h, &d, pause);
	}
	hvctl_close(h);
	return status;
}

int cmd_pause(int argc, char **argv)
{
	return pause_verb(argc, argv, true);
}

int cmd_unpause(int argc, char **argv)
{
	return pause_verb(argc, argv, false);
}

/* The first character of a line that is typed, 0 without one. The whole line
 * is taken, past the buffers of stdio: what is left in them, an end of input
 * above all, would answer the next question. */
static char read_answer(void)
{
	char first = 0;
	ssize_t n;
	char c;

	while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		first = first == 0 ? c : first;
	}
	if (n != 1) {
		fputc('\n', stderr);
	}
	return n == 1 ? first : 0;
}

static bool confirmed(const char *name)
{
	char answer;

	if (!isatty(STDIN_FILENO)) {
		chv_error("destroy %s: give --force where nobody can be asked",
		          chv_clean(name));
		return false;
	}
	fprintf(stderr, "End domain '%s' at once? [y/N] ", chv_clean(name));
	answer = read_answer();
	return answer == 'y' || answer == 'Y';
}

/* A recording ends at the guest's next entry. A guest that makes none is
 * paused, and what it logged is kept. */
static int end_recording(struct hvctl *h, uint32_t domid,
                         struct hvctl_status *s)
{
	int err = 0;

	for (int i = 0; err == 0 && s->session == HVCTL_SESSION_RUNNING; i++) {
		if (i == STOP_POLLS) {
			hvctl_pause(h, domid);
		}
		err = hvctl_record_stop(h, domid);
		err = err == -ENODATA ? 0 : err; /* it has just ended */
		if (err == 0 && i == STOP_POLLS) {
			break;
		}
		usleep(POLL_MS * 1000);
		err = hvctl_status(h, domid, s);
	}
	return err != 0 ? err : hvctl_status(h, domid, s);
}

/* What was recorded so far goes to the file first. */
static int end_domain(struct hvctl *h, uint32_t domid)
{
	struct hvctl_status s;
	int err = hvctl_status(h, domid, &s);

	if (err == 0 && s.recording) {
		err = end_recording(h, domid, &s);
	}
	if (err == 0 && s.recording) {
		err = dom0_settle(h, domid, &s);
	}
	if (err == -EINTR) {
		return err;
	}
	if (err == 0 && s.recording && s.ring_bytes != 0) {
		chv_error("%" PRIu64 " bytes of its trace are lost: no "
		          "recorder takes them",
		          s.ring_bytes);
	}
	return hvctl_destroy(h, domid);
}

static int destroy(struct hvctl *h, const char *name, bool force)
{
	struct hvctl_domain d;
	int status = dom0_find(h, name, &d);
	int err;

	if (status != CHV_OK) {
		return status;
	}
	if (d.domid == 0) {
		return refuse_dom0("destroyed");
	}
	if (!force && !confirmed(d.name[0] != '\0' ? d.name : name)) {
		return chv_interrupted != 0 ? CHV_INTERRUPTED : CHV_FAILED;
	}
	err = end_domain(h, d.domid);
	return err == 0 ? CHV_OK : dom0_status(err);
}

int cmd_destroy(int argc, char **argv)
{
	bool force = false;
	struct hvctl *h;
	int status;
	int c;

	while ((c = getopt_long(argc, argv, "f", chv_options_destroy, NULL)) !=
	       -1) {
		if (c != 'f') {
			return chv_usage("destroy");
		}
		force = true;
	}
	if (argc - optind != 1) {
		return chv_usage("destroy");
	}
	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	status = destroy(h, argv[optind], force);
	hvctl_close(h);
	return status;
}

/* ---- audit --------------------------------------------------------------- */

int cmd_audit(int argc, char **argv)
{
	struct hvctl *h;
	int differ;

	(void)argv;
	if (argc != 1) {
		return chv_usage("audit");
	}
	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	differ = hvctl_audit(h);
	hvctl_close(h);
	if (differ < 0) {
		return dom0_status(differ);
	}
	printf("%d frames differ from the recount\n", differ);
	return differ == 0 ? CHV_OK : CHV_FAILED;
}
