/* SPDX-License-Identifier: MIT */
/*
 * Opening and walking of trace files: see <chv/trace.h>.
 */
#include <chv/trace.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <chv/cli.h>
#include <chv/options.h>
#include <chv/text.h>

/* A window of 1 MiB is the most that the format allows. */
#define WINDOW_LOG_MAX 20
#define SCRATCH        (64u << 10)

/* Where the chunks of one stream are. */
struct chunk_list {
	size_t nr;
	size_t room;
	struct tf_chunk *chunks;
};

struct chv_trace {
	int fd;
	struct tf_source source;
	struct tf_super super;
	struct tf_tail tail;
	char *name;
	uint64_t last_entry; /* Of the chunks that the last walk found good. */
	struct tf_codec codec;
	ZSTD_DCtx *zstd;
	struct tf_calls calls;
	struct chunk_list lists[TF_NR_STREAMS];
	bool listed;
	uint8_t scratch[SCRATCH];
	uint8_t stored[TF_RAW_MAX];
	uint8_t raw[TF_RAW_MAX];
};

static int read_at(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct chv_trace *t = ctx;
	uint8_t *p = buf;

	while (len > 0) {
		ssize_t n = pread(t->fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			/* Gone short while we read: the same as an error. */
			return -1;
		}
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int64_t decompress(void *ctx, void *dst, size_t cap, const void *src,
                          size_t len)
{
	struct chv_trace *t = ctx;
	size_t n = ZSTD_decompressDCtx(t->zstd, dst, cap, src, len);

	return ZSTD_isError(n) ? -1 : (int64_t)n;
}

/* Returns 0, or prints why the file is not fit and returns a status. */
static int open_file(struct chv_trace *t, const char *path)
{
	struct stat st;

	/* O_NONBLOCK: a FIFO must not hang us before we can refuse it. */
	t->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (t->fd < 0) {
		int err = errno;

		chv_error("%s: %s", chv_clean(path), strerror(err));
		return err == ENOENT ? CHV_NOT_FOUND : CHV_FAILED;
	}
	if (fstat(t->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		chv_error("%s: not a regular file; a trace is one",
		          chv_clean(path));
		return CHV_TRACE_BAD;
	}
	t->source = (struct tf_source){
		.ctx = t, .read = read_at, .size = (uint64_t)st.st_size};
	return CHV_OK;
}

static int open_super(struct chv_trace *t, const char *path)
{
	struct tf_scan scan;
	int err = tf_scan_open(&scan, &t->source, &t->super, NULL, 0);

	if (err == 0) {
		return CHV_OK;
	}
	if (err == -TF_EVERSION) {
		chv_error("%s: %s: format %u.%u, this chv reads %u.x",
		          chv_clean(path), tf_strerror(err), t->super.major,
		          t->super.minor, TF_MAJOR);
	} else {
		chv_error("%s: not usable as a trace: %s in its first %u bytes",
		          chv_clean(path), tf_strerror(err), TF_SUPER_SIZE);
	}
	return CHV_TRACE_BAD;
}

/* @source NULL: the file at @path. */
static struct chv_trace *open_any(const struct tf_source *source,
                                  const char *path, int *status)
{
	struct chv_trace *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		*status = chv_error("out of memory");
		return NULL;
	}
	t->fd = -1;
	*status = CHV_OK;
	if (source != NULL) {
		t->source = *source;
	} else {
		*status = open_file(t, path);
	}
	if (*status == CHV_OK) {
		*status = open_super(t, path);
	}
	if (*status == CHV_OK) {
		t->name = strdup(path);
		t->zstd = ZSTD_createDCtx();
		*status = t->zstd != NULL && t->name != NULL
		                  ? CHV_OK
		                  : chv_error("out of memory");
	}
	if (*status != CHV_OK) {
		chv_trace_close(t);
		return NULL;
	}
	ZSTD_DCtx_setParameter(t->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	t->codec = (struct tf_codec){.ctx = t, .decompress = decompress};
	return t;
}

struct chv_trace *chv_trace_open(const char *path, int *status)
{
	return open_any(NULL, path, status);
}

struct chv_trace *chv_trace_open_source(const struct tf_source *source,
                                        const char *name, int *status)
{
	return open_any(source, name, status);
}

void chv_trace_close(struct chv_trace *t)
{
	if (t == NULL) {
		return;
	}
	if (t->fd >= 0) {
		close(t->fd);
	}
	for (unsigned int i = 0; i < TF_NR_STREAMS; i++) {
		free(t->lists[i].chunks);
	}
	ZSTD_freeDCtx(t->zstd);
	free(t->name);
	free(t);
}

const struct tf_super *chv_trace_super(const struct chv_trace *t)
{
	return &t->super;
}

uint64_t chv_trace_size(const struct chv_trace *t)
{
	return t->source.size;
}

const struct tf_tail *chv_trace_tail(const struct chv_trace *t)
{
	return &t->tail;
}

enum outcome { GO_ON, ENDED, DAMAGED };

/* Hand out the records of one chunk that has been loaded. */
static enum outcome walk_records(struct chv_trace *t,
                                 const struct chv_walk *walk,
                                 const struct tf_chunk *chunk)
{
	struct tf_reader reader;
	struct tf_record record;
	bool history = chunk->header.stream == TF_STREAM_HISTORY;
	int err = tf_reader_init(&reader, &chunk->header, t->raw,
	                         history ? &t->calls : NULL);

	while (err == 0 && chv_interrupted == 0) {
		err = tf_read(&reader, &record);
		if (err != 0 || record.entry < walk->from_entry) {
			continue;
		}
		if (record.entry > walk->to_entry) {
			return GO_ON;
		}
		if (!walk->record(walk->ctx, chunk, &record)) {
			return ENDED;
		}
	}
	if (err == 0 || err == -TF_EEND) {
		return GO_ON;
	}
	tf_tail_in_chunk(&t->tail, chunk, reader.index, err);
	return DAMAGED;
}

static enum outcome walk_chunk(struct chv_trace *t, const struct chv_walk *walk,
                               const struct tf_chunk *chunk)
{
	const struct tf_chunk_header *h = &chunk->header;
	int err;

	if (walk->chunk != NULL) {
		walk->chunk(walk->ctx, chunk);
	}
	if (walk->record == NULL || (walk->streams & 1u << h->stream) == 0 ||
	    h->last_entry < walk->from_entry ||
	    h->first_entry > walk->to_entry) {
		return GO_ON;
	}
	err = tf_chunk_load(&t->source, chunk, &t->codec, t->stored,
	                    sizeof(t->stored), t->raw, sizeof(t->raw));
	if (err != 0) {
		tf_tail_in_chunk(&t->tail, chunk, 0, err);
		return DAMAGED;
	}
	return walk_records(t, walk, chunk);
}

static void note_last(struct chv_trace *t, const struct tf_chunk *chunk)
{
	if (chunk->header.last_entry > t->last_entry) {
		t->last_entry = chunk->header.last_entry;
	}
}

static int final_status(const struct chv_trace *t, uint64_t nr_chunks)
{
	if (t->tail.complete) {
		return CHV_OK;
	}
	return nr_chunks > 0 ? CHV_TRACE_CUT : CHV_TRACE_BAD;
}

int chv_trace_walk(struct chv_trace *t, const struct chv_walk *walk)
{
	struct chv_progress progress;
	enum outcome outcome = GO_ON;
	struct tf_chunk chunk;
	struct tf_scan scan;
	uint64_t nr_chunks = 0;

	chv_progress_begin(&progress, walk->progress, t->source.size);
	t->tail = (struct tf_tail){.why = TF_EEND};
	t->last_entry = 0;
	if (tf_scan_open(&scan, &t->source, &t->super, t->scratch,
	                 sizeof(t->scratch)) != 0) {
		return CHV_TRACE_BAD;
	}
	while (outcome == GO_ON && chv_interrupted == 0 &&
	       tf_scan_next(&scan, &chunk) == 0) {
		outcome = walk_chunk(t, walk, &chunk);
		if (outcome != DAMAGED) {
			nr_chunks++;
			note_last(t, &chunk);
		}
		if (walk->progress != NULL) {
			chv_progress_update(&progress, scan.offset);
		}
	}
	chv_progress_end(&progress);
	if (chv_interrupted != 0) {
		return CHV_INTERRUPTED;
	}
	if (outcome == ENDED) {
		return CHV_OK;
	}
	if (outcome == GO_ON) {
		t->tail = scan.tail;
	}
	return final_status(t, nr_chunks);
}

static bool until_start_ends(void *ctx, const struct tf_chunk *chunk,
                             const struct tf_record *record)
{
	bool *whole = ctx;

	(void)chunk;
	*whole = record->known && record->id == TF_SNAP_END;
	return !*whole;
}

int chv_trace_check_start(struct chv_trace *t, const char *path)
{
	bool whole = false;
	const struct chv_walk walk = {.streams = TF_IN_SNAPSHOT,
	                              .to_entry = UINT64_MAX,
	                              .progress = "checking the trace",
	                              .record = until_start_ends,
	                              .ctx = &whole};
	char line[256];
	int status = chv_trace_walk(t, &walk);

	if (whole || status == CHV_INTERRUPTED) {
		return status;
	}
	chv_error("%s: cannot be replayed, its start is not whole: %s",
	          chv_clean(path), tf_tail_line(&t->tail, line, sizeof(line)));
	return CHV_TRACE_BAD;
}

static int list_chunk(struct chunk_list *l, const struct tf_chunk *chunk)
{
	if (l->nr == l->room) {
		size_t room = l->room > 0 ? 2 * l->room : 256;
		struct tf_chunk *more =
			reallocarray(l->chunks, room, sizeof(*more));

		if (more == NULL) {
			return -ENOMEM;
		}
		l->chunks = more;
		l->room = room;
	}
	l->chunks[l->nr++] = *chunk;
	return 0;
}

static int list_chunks(struct chv_trace *t)
{
	struct tf_chunk chunk;
	struct tf_scan scan;
	int err = 0;

	if (tf_scan_open(&scan, &t->source, &t->super, NULL, 0) != 0) {
		return -EBADMSG;
	}
	while (err == 0 && tf_scan_next(&scan, &chunk) == 0) {
		err = list_chunk(&t->lists[chunk.header.stream], &chunk);
	}
	t->listed = err == 0;
	return err;
}

int chv_trace_load(struct chv_trace *t, enum tf_stream stream, uint64_t index,
                   struct tf_chunk_header *header, const uint8_t **raw)
{
	const struct tf_chunk *chunk;
	int err = t->listed ? 0 : list_chunks(t);

	if (err != 0) {
		return err;
	}
	if (stream >= TF_NR_STREAMS || index >= t->lists[stream].nr) {
		return -ENOENT;
	}
	chunk = &t->lists[stream].chunks[index];
	if (tf_chunk_load(&t->source, chunk, &t->codec, t->stored,
	                  sizeof(t->stored), t->raw, sizeof(t->raw)) != 0) {
		return -EBADMSG;
	}
	*header = chunk->header;
	*raw = t->raw;
	return 0;
}

bool chv_trace_range_fits(const struct chv_walk *walk)
{
	if (walk->from_entry <= walk->to_entry) {
		return true;
	}
	chv_error("--from %llu is behind --to %llu",
	          (unsigned long long)walk->from_entry,
	          (unsigned long long)walk->to_entry);
	return false;
}

bool chv_trace_range_option(int letter, const char *text, struct chv_walk *walk)
{
	return letter == 'f'
	               ? chv_option_number("--from", text, &walk->from_entry)
	               : chv_option_number("--to", text, &walk->to_entry);
}

bool chv_trace_limit(const char *text, uint64_t *limit)
{
	if (!chv_option_number("-n", text, limit)) {
		return false;
	}
	if (*limit == 0) {
		chv_error("-n 0: that would show nothing");
	}
	return *limit > 0;
}

bool chv_trace_words_fit(const char *path, const char *filter)
{
	if (filter == NULL || access(path, F_OK) == 0 ||
	    access(filter, F_OK) != 0) {
		return true;
	}
	chv_error("'%s' is no file: the trace comes first, the filter behind "
	          "it",
	          chv_clean(path));
	return false;
}

int chv_trace_explain(const struct chv_trace *t, const struct chv_walk *walk,
                      int status)
{
	const char *name = chv_clean(t->name);
	unsigned long long last = t->last_entry;
	char line[256];

	tf_tail_line(&t->tail, line, sizeof(line));
	if (status == CHV_TRACE_CUT) {
		chv_error("%s: cut: %s; what lies before it is good, up to "
		          "entry %llu",
		          name, line, last);
	} else if (status == CHV_TRACE_BAD) {
		chv_error("%s: %s; nothing in it can be used", name, line);
	} else if (status == CHV_OK && walk->from_entry > last &&
	           t->tail.complete) {
		chv_error("%s: ends at entry %llu, before --from %llu", name,
		          last, (unsigned long long)walk->from_entry);
		return CHV_NOT_FOUND;
	}
	return status;
}
