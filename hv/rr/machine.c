/* SPDX-License-Identifier: MIT */
/*
 * A domain as the machine under a session (rr/machine.h).
 */
#include <rr_hv/machine.h>

#include <hv/console.h>
#include <hv/evtchn.h>
#include <hv/guest_timer.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/timer.h>
#include <rr_hv/lifecycle.h>

static u64 machine_now(void *ctx)
{
	(void)ctx;
	return now_ns();
}

static void machine_apply(void *ctx, const struct rr_event *e)
{
	struct rr_domain *rr = ctx;

	rr->deliver = true;
	switch (e->kind) {
	case RR_EVENT_TIMER:
		guest_timer_apply(rr->v, e->source, e->deadline_ns);
		break;
	case RR_EVENT_PORT:
		evtchn_publish(rr->d, e->port);
		break;
	case RR_EVENT_CONSOLE:
		console_ring_put(rr->d, e->data, e->len);
		break;
	}
}

static unsigned int machine_registers(void *ctx, u64 *words)
{
	const struct rr_domain *rr = ctx;

	return vcpu_register_words(rr->v, words);
}

static u64 machine_state_digest(void *ctx)
{
	struct rr_domain *rr = ctx;

	return vcpu_digest(rr->v);
}

static struct tf_hash128 machine_frames_digest(void *ctx, u64 first, u64 count)
{
	const struct rr_domain *rr = ctx;

	return frames_digest(rr->d, first, count);
}

static int machine_seal(void *ctx, struct tf_writer *w)
{
	struct rr_domain *rr = ctx;
	int err = rr->store->ops->seal(rr->store, w);

	rr_room_check(rr);
	return err;
}

static enum rr_load machine_load(void *ctx, u64 index,
                                 struct rr_chunk_data *chunk)
{
	struct rr_domain *rr = ctx;

	return rr->store->ops->load(rr->store, TF_STREAM_REPLAY, index, chunk);
}

static void log_report(const struct rr_domain *rr)
{
	const struct rr_report *r = &rr->session.report;
	const char *record = tf_record_name(r->record);

	log_info("d%u: at entry %lu + %lu: %s", rr->d->id, r->position.entry,
	         r->position.offset, r->what ? r->what : "?");
	log_info("d%u: expected %#lx, found %#lx, next record %s, last agreed "
	         "at entry %lu",
	         rr->d->id, r->expected, r->actual, record ? record : "none",
	         r->since_entry);
}

static void machine_stopped(void *ctx)
{
	struct rr_domain *rr = ctx;
	const struct rr_session *s = &rr->session;

	if (s->state == RR_WAITING) {
		rr_session_ended(rr);
		return;
	}
	log_info("d%u: %s %s at entry %lu", rr->d->id,
	         s->mode == RR_RECORD ? "recording" : "replay",
	         rr_state_name(s->state), s->s.position.entry);
	if (s->state == RR_DIVERGED || s->state == RR_FAILED) {
		log_report(rr);
	}
	rr_session_ended(rr);
}

const struct rr_machine rr_domain_machine = {
	.now_ns = machine_now,
	.apply = machine_apply,
	.registers = machine_registers,
	.state_digest = machine_state_digest,
	.frames_digest = machine_frames_digest,
	.seal = machine_seal,
	.load = machine_load,
	.stopped = machine_stopped,
};
