/* SPDX-License-Identifier: MIT */
/*
 * Write a small trace whose contents tests know by heart: some hypercalls,
 * events, a note with a terminal escape in it, and an end.
 *
 *	make_trace FILE [unfinished|start|broken]
 *
 * Unfinished has no end; start begins with a snapshot, so that it looks as if
 * it could be replayed, and broken with one that has no end.
 */
#include <stdio.h>
#include <string.h>

#include <tf/tf.h>

static uint8_t raw[1 << 16];
static uint8_t history_raw[1 << 16];
static uint8_t chunk[TF_CHUNK_MAX];
static struct tf_calls calls;

static void put_calls(struct tf_writer *w)
{
	static const struct tf_call list[] = {
		{.entry = 2, .nr = 17, .subop = 6, .args = {6, 0x1000}},
		{.entry = 5, .nr = 1, .args = {0xffff8880, 2, 0, 0x7ff0}},
		{.entry = 6,
	         .nr = 1,
	         .subop = UINT32_MAX,
	         .args = {0xffff8880, 1},
	         .result = -22},
		{.entry = 7, .nr = 29, .subop = 1, .args = {1}},
		{.entry = 7, .nr = 1, .flags = TF_CALL_MULTI, .args = {5, 1}},
		{.entry = 9, .nr = 59, .subop = 3, .args = {1, 2, 3, 4, 5, 6}},
		{.entry = 12, .nr = 32, .subop = 4, .args = {4, 0x2000}}};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		tf_put_call(w, &list[i]);
	}
}

static void put_events(struct tf_writer *w, int finished)
{
	static const char note[] = "hello\x1b[31m";
	uint64_t counts[64] = {[1] = 3, [17] = 1, [29] = 1, [32] = 1, [59] = 1};

	tf_put_timer(w, &(struct tf_timer){.entry = 3,
	                                   .source = TF_TIMER_SINGLESHOT,
	                                   .deadline_ns = 1000,
	                                   .base_ns = 1001});
	tf_put_event(w, &(struct tf_event){.entry = 8,
	                                   .offset_kind = TF_OFFSET_ICOUNT,
	                                   .offset = 44,
	                                   .port = 7,
	                                   .base_ns = 2000});
	tf_put_mark(w, &(struct tf_mark){.entry = 9,
	                                 .text = {note, sizeof(note) - 1}});
	if (finished) {
		tf_put_final(w, &(struct tf_final){
					.entry = 20,
					.calls = {counts, sizeof(counts)}});
		tf_put_end(w, &(struct tf_end){.entry = 20,
		                               .reason = TF_END_SHUTDOWN,
		                               .text = {"poweroff", 8}});
	}
}

static void put_start(struct tf_writer *w, int broken)
{
	tf_put_snap_begin(w,
	                  &(struct tf_snap_begin){.offset_kind = TF_OFFSET_EXIT,
	                                          .nr_frames = 32768});
	tf_put_frame_zero(w, &(struct tf_frame_zero){.count = 32768});
	if (!broken) {
		tf_put_snap_end(w, &(struct tf_snap_end){.nr_frames = 32768});
	}
}

static int seal(struct tf_chain *chain, const struct tf_writer *w, FILE *f)
{
	size_t len;

	return tf_seal(chain, w, NULL, chunk, sizeof(chunk), &len) != 0 ||
	       fwrite(chunk, 1, len, f) != len;
}

int main(int argc, char **argv)
{
	FILE *f = argc > 1 ? fopen(argv[1], "wb") : NULL;
	const char *mode = argc > 2 ? argv[2] : "";
	struct tf_writer w, history;
	struct tf_chain chain;
	struct tf_super sb;
	int failed;

	if (f == NULL) {
		return 2;
	}
	tf_super_init(&sb);
	sb.flags = TF_FLAG_HISTORY;
	sb.nr_frames = 32768;
	sb.nr_vcpus = 1;
	memset(sb.uuid, 0xab, sizeof(sb.uuid));
	tf_super_text(sb.domain_name, sizeof(sb.domain_name), "web\x1b[2J");
	tf_super_text(sb.clock, sizeof(sb.clock), "icount");
	tf_super_seal(&sb);
	failed = fwrite(&sb, 1, sizeof(sb), f) != sizeof(sb);
	tf_chain_init(&chain, &sb);
	if (strcmp(mode, "start") == 0 || strcmp(mode, "broken") == 0) {
		tf_writer_init(&w, TF_STREAM_SNAPSHOT, raw, sizeof(raw), NULL);
		tf_writer_open(&w, 0);
		put_start(&w, *mode == 'b');
		failed |= seal(&chain, &w, f);
	}
	tf_writer_init(&history, TF_STREAM_HISTORY, history_raw,
	               sizeof(history_raw), &calls);
	tf_writer_open(&history, 0);
	put_calls(&history);
	tf_writer_init(&w, TF_STREAM_REPLAY, raw, sizeof(raw), NULL);
	tf_writer_open(&w, 0);
	put_events(&w, strcmp(mode, "unfinished") != 0);
	failed |= seal(&chain, &history, f) || seal(&chain, &w, f);
	return fclose(f) != 0 || failed;
}
