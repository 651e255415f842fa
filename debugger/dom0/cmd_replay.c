/* SPDX-License-Identifier: MIT */
/*
 * chv replay in dom0: run a trace again to its end, beside whatever else
 * runs, and say whether every logged value came out as recorded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <chv/dom0.h>
#include <chv/trace.h>

#include "cmd.h"

#define POLL_MS 20

/* Returns 0 when the session has ended, or a negative errno. */
static int run_to_end(struct hvctl *h, uint32_t domid, struct chv_trace *t,
                      struct hvctl_status *s)
{
	struct chv_progress progress;
	bool unpaused = false;
	int err = 0;

	chv_progress_begin(&progress, "replaying", 0);
	while (err == 0 && chv_interrupted == 0) {
		int fed = hvctl_replay_feed(h, domid, t);

		err = fed < 0 ? fed : hvctl_status(h, domid, s);
		if (err != 0 || (s->session != HVCTL_SESSION_RUNNING &&
		                 s->session != HVCTL_SESSION_WAITING)) {
			break;
		}
		if (!unpaused && !s->starting) {
			err = hvctl_unpause(h, domid);
			unpaused = true;
		}
		if (fed == 0) {
			hvctl_wait(h, POLL_MS);
		}
		chv_progress_update(&progress, s->entry);
	}
	chv_progress_end(&progress);
	return err;
}

static int verdict(const struct hvctl_status *s)
{
	switch (s->session) {
	case HVCTL_SESSION_FINISHED:
		printf("replayed to its end: %" PRIu64
		       " entries, no divergence\n",
		       s->entry);
		return CHV_OK;
	case HVCTL_SESSION_CUT:
		chv_error("the trace is cut at n%" PRIu64
		          "; no divergence until there",
		          s->entry);
		return CHV_TRACE_CUT;
	case HVCTL_SESSION_DIVERGED:
		chv_error("diverged: %s", chv_clean(s->report));
		return CHV_DIVERGED;
	default:
		chv_error("the trace cannot be replayed: %s",
		          chv_clean(s->report));
		return CHV_TRACE_BAD;
	}
}

int dom0_replay(const char *path)
{
	struct hvctl_status s = {0};
	int status = CHV_OK;
	struct chv_trace *t;
	struct hvctl *h;
	uint32_t domid;

	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	t = dom0_trace_open(h, path, &status);
	if (t == NULL) {
		hvctl_close(h);
		return status;
	}
	status = dom0_replay_create(h, path, t, &domid);
	if (status == CHV_OK) {
		int err = run_to_end(h, domid, t, &s);

		status = err != 0               ? dom0_status(err)
		         : chv_interrupted != 0 ? CHV_INTERRUPTED
		                                : verdict(&s);
		hvctl_destroy(h, domid);
	}
	chv_trace_close(t);
	hvctl_close(h);
	return status;
}
